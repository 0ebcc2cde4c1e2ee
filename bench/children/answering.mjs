// A child that is asked as the peers are: a line with a name and arguments, a line with the answer.
import readline from 'node:readline';

/** Answers by `answers`, functions of one argument, until there are no more questions; then closes. */
export async function answerAll(answers) {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { name, args } = JSON.parse(line);
    const said = await answers[name](args).then(
      (answer) => ({ answer }),
      (error) => ({ error: String(error) }),
    );
    console.log(JSON.stringify(said));
  }
  await answers.close();
}
