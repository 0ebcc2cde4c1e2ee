# Runs a command on a terminal of its own; types what it is told after the question. Prints the terminal's
# text and, on a last line, the exit status.
import os, pty, sys

answer, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
text = b''
typed = False
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    text += piece
    if not typed and b'[y/N]' in text:
        typed = True
        os.write(terminal, answer.encode().replace(b'^C', b'\x03').replace(b'^D', b'\x04') + b'\n')
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(text)
sys.stdout.buffer.write(b'\nstatus %d\n' % os.waitstatus_to_exitcode(status))
