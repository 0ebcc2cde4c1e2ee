//! Work off the event loop: a pool of our own, because libuv's four threads serve DNS and files.
//!
//! The pool has `NACRE_THREADS` threads (default: the CPUs of the control group), started on first use. Its
//! queue holds a few entries per promise that the caller waits for. A panic rejects the promise. When an
//! environment (a worker) ends, its queued work is dropped and its running work is waited for, since that
//! reads memory which the environment is about to free.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use kernels::placement::Place;
use kernels::{Code, Error, catch_panic};
use napi::bindgen_prelude::{Object, ToNapiValue};
use napi::{Env, JsDeferred};

use crate::arguments::fail;

/// Makes the value of a promise on the event loop.
type Settle<T> = Box<dyn FnOnce(Env) -> napi::Result<T> + Send>;
type Deferred<T> = JsDeferred<T, Settle<T>>;

/// Runs `work` on `inputs` on the pool; the promise takes its value. `inputs` are dropped on the event loop.
pub fn spawn<'env, I, T>(
    env: &'env Env,
    inputs: I,
    work: impl FnOnce(&I) -> kernels::Result<T> + Send + 'static,
) -> napi::Result<Object<'env>>
where
    I: Send + 'static,
    T: ToNapiValue + Send + 'static,
{
    let (pool, environment) = (pool().map_err(fail)?, Environment::current(env)?);
    let (deferred, promise): (Deferred<T>, _) = env.create_deferred()?;
    pool.run(&environment, move || {
        let result = catch_panic(|| work(&inputs));
        settle(deferred, inputs, result);
    });
    Ok(promise)
}

/// Runs `work` for each of `parts`, side by side, on `inputs` and on what `prepare` makes of them once. The
/// promise settles after the last part: with the first error if there was one, else with what `join` makes
/// of their values, in any order. `parts` is at least 1.
pub fn spawn_parts<'env, I, P, T>(
    env: &'env Env,
    inputs: I,
    parts: usize,
    prepare: impl Fn(&I) -> kernels::Result<P> + Send + Sync + 'static,
    work: impl Fn(&I, &P, usize) -> kernels::Result<T> + Send + Sync + 'static,
    join: fn(T, T) -> T,
) -> napi::Result<Object<'env>>
where
    I: Send + Sync + 'static,
    P: Send + Sync + 'static,
    T: ToNapiValue + Default + Send + 'static,
{
    let (pool, environment) = (pool().map_err(fail)?, Environment::current(env)?);
    let (deferred, promise): (Deferred<T>, _) = env.create_deferred()?;
    let parted = Arc::new(Parted { inputs, result: Mutex::new(Ok(None)), deferred: Mutex::new(deferred) });
    let steps = Arc::new((OnceLock::new(), prepare, work));
    let job = |part| {
        let (parted, steps) = (Arc::clone(&parted), Arc::clone(&steps));
        move || {
            let (prepared, prepare, work) = &*steps;
            let result = catch_panic(|| {
                let prepared = prepared.get_or_init(|| prepare(&parted.inputs));
                work(&parted.inputs, prepared.as_ref().map_err(Error::clone)?, part)
            });
            parted.add(result, join);
            // What was prepared is given back before the promise settles.
            drop(steps);
            parted.finish();
        }
    };
    let (first, others) = (job(0), (1..parts).map(job).collect::<Vec<_>>());
    parted.finish();
    let current = Arc::clone(&environment);
    // The first of the threads wakes the others: so that none begins where it runs itself.
    pool.run(&environment, move || {
        if !others.is_empty() {
            pool.queue.keep_idle_away();
        }
        others.into_iter().for_each(|other| pool.run(&current, other));
        first();
    });
    Ok(promise)
}

struct Parted<I, T: ToNapiValue> {
    inputs: I,
    result: Mutex<kernels::Result<Option<T>>>,
    deferred: Mutex<Deferred<T>>,
}

impl<I: Send + 'static, T: ToNapiValue + Default + Send + 'static> Parted<I, T> {
    fn add(&self, result: kernels::Result<T>, join: fn(T, T) -> T) {
        let mut so_far = self.result.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(value) = &mut *so_far else { return };
        match result {
            Ok(next) => {
                *value = Some(match value.take() {
                    Some(before) => join(before, next),
                    None => next,
                });
            }
            Err(error) => *so_far = Err(error),
        }
    }

    /// Called once by every holder; the last of them settles the promise.
    fn finish(self: Arc<Self>) {
        let Some(Self { inputs, result, deferred }) = Arc::into_inner(self) else { return };
        let result =
            result.into_inner().unwrap_or_else(PoisonError::into_inner).map(Option::unwrap_or_default);
        settle(deferred.into_inner().unwrap_or_else(PoisonError::into_inner), inputs, result);
    }
}

fn settle<I: Send + 'static, T: ToNapiValue + Send + 'static>(
    deferred: Deferred<T>,
    inputs: I,
    result: kernels::Result<T>,
) {
    deferred.resolve(Box::new(move |_| {
        drop(inputs);
        result.map_err(fail)
    }));
}

/// Runs `work` on a thread of its own, for what may wait without end and touches nothing of JavaScript.
pub fn spawn_waiting<'env, T>(
    env: &'env Env,
    work: impl FnOnce() -> kernels::Result<T> + Send + 'static,
) -> napi::Result<Object<'env>>
where
    T: ToNapiValue + Send + 'static,
{
    // The thread first: a promise without one would never settle.
    let (sender, receiver) = channel::<Deferred<T>>();
    start_thread("nacre-wait", 256 << 10, move || {
        if let Ok(deferred) = receiver.recv() {
            settle(deferred, (), catch_panic(work));
        }
    })
    .map_err(fail)?;
    let (deferred, promise) = env.create_deferred()?;
    sender.send(deferred).expect("the thread waits for it");
    Ok(promise)
}

fn start_thread(name: &str, stack_bytes: usize, run: impl FnOnce() + Send + 'static) -> kernels::Result<()> {
    let builder = std::thread::Builder::new().name(name.into()).stack_size(stack_bytes);
    builder
        .spawn(run)
        .map(drop)
        .map_err(|error| Error::new(Code::ResourceExhausted, format!("cannot start a thread: {error}")))
}

/// A JavaScript object's share of something. Its end comes with the collector, on the event loop: what is
/// large, thousands of pieces of memory, is given back by the pool.
pub struct Held<T: Send + Sync + 'static> {
    /// There until the end.
    share: Option<Arc<T>>,
    is_large: bool,
}

impl<T: Send + Sync + 'static> Held<T> {
    pub fn new(inner: T, is_large: bool) -> Self {
        Self { share: Some(Arc::new(inner)), is_large }
    }
}

impl<T: Send + Sync + 'static> Deref for Held<T> {
    type Target = Arc<T>;

    fn deref(&self) -> &Arc<T> {
        self.share.as_ref().expect("it is taken when it is dropped")
    }
}

impl<T: Send + Sync + 'static> Drop for Held<T> {
    fn drop(&mut self) {
        let share = self.share.take();
        if let (true, Ok(pool)) = (self.is_large, pool()) {
            // It touches nothing of JavaScript, whose environment need not wait for it.
            pool.queue.push(Box::new(move || drop(share)));
        }
    }
}

type Job = Box<dyn FnOnce() + Send>;

pub struct Pool {
    queue: Arc<Queue>,
    pub threads: usize,
}

#[derive(Default)]
struct Queue {
    state: Mutex<Queued>,
    more: Condvar,
}

#[derive(Default)]
struct Queued {
    jobs: VecDeque<Job>,
    /// The threads that wait for one.
    idle: Vec<Arc<Place>>,
}

/// The pool of the process.
pub fn pool() -> kernels::Result<&'static Pool> {
    static POOL: LazyLock<kernels::Result<Pool>> = LazyLock::new(Pool::start);
    POOL.as_ref().map_err(Error::clone)
}

impl Pool {
    fn start() -> kernels::Result<Self> {
        let threads = match std::env::var("NACRE_THREADS") {
            Err(_) => std::thread::available_parallelism().map_or(1, usize::from),
            Ok(text) => text.parse().ok().filter(|count| (1..=1024).contains(count)).ok_or_else(|| {
                Error::invalid(format!("NACRE_THREADS is a number from 1 to 1024, got {text:?}"))
            })?,
        };
        let queue = Arc::<Queue>::default();
        for _ in 0..threads {
            let queue = Arc::clone(&queue);
            start_thread("nacre-pool", 2 << 20, move || queue.serve())?;
        }
        Ok(Self { queue, threads })
    }

    /// Queues a job of `environment`, which must not panic.
    fn run(&self, environment: &Arc<Environment>, job: impl FnOnce() + Send + 'static) {
        let environment = Arc::clone(environment);
        let job = move || {
            if let Some(_running) = environment.enter() {
                job();
            }
        };
        self.queue.push(Box::new(job));
    }
}

impl Queue {
    fn push(&self, job: Job) {
        self.lock().jobs.push_back(job);
        self.more.notify_one();
    }

    /// For a thread that is about to wake the idle ones: see [`Place::keep_away`].
    fn keep_idle_away(&self) {
        self.lock().idle.iter().for_each(|place| place.keep_away());
    }

    fn serve(&self) {
        let place = Arc::new(Place::of_this_thread());
        loop {
            let job = self.next(&place);
            place.release();
            job();
        }
    }

    fn next(&self, place: &Arc<Place>) -> Job {
        let mut queued = self.lock();
        loop {
            if let Some(job) = queued.jobs.pop_front() {
                return job;
            }
            queued.idle.push(Arc::clone(place));
            queued = self.more.wait(queued).unwrap_or_else(PoisonError::into_inner);
            queued.idle.retain(|other| !Arc::ptr_eq(other, place));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queued> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What runs for one JavaScript environment.
#[derive(Default)]
struct Environment {
    state: Mutex<State>,
    idle: Condvar,
}

#[derive(Default)]
struct State {
    running: usize,
    ended: bool,
}

struct Running<'a>(&'a Environment);

impl Environment {
    /// That of this thread.
    fn current(env: &Env) -> napi::Result<Arc<Self>> {
        thread_local! {
            static CURRENT: RefCell<Option<Arc<Environment>>> = const { RefCell::new(None) };
        }
        CURRENT.with_borrow_mut(|current| {
            if let Some(environment) = current {
                return Ok(Arc::clone(environment));
            }
            let environment = Arc::new(Self::default());
            env.add_env_cleanup_hook(Arc::clone(&environment), |environment| {
                CURRENT.with_borrow_mut(Option::take);
                environment.end();
            })?;
            *current = Some(Arc::clone(&environment));
            Ok(environment)
        })
    }

    /// Counts one more running job, unless the environment has ended.
    fn enter(&self) -> Option<Running<'_>> {
        let mut state = self.lock();
        if state.ended {
            return None;
        }
        state.running += 1;
        Some(Running(self))
    }

    fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        while state.running > 0 {
            state = self.idle.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.lock().running -= 1;
        self.0.idle.notify_all();
    }
}
