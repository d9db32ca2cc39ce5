/*
 * From a running process to the report of its end.
 *
 * A run is over when its leader has ended, not when its pipes have: others may hold them open. Between the leader's end and
 * the report, the leader stays a zombie, so that its number, which is its group's, cannot become a stranger's.
 */
#include "launcher.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  COURTESY_US = 2000000, /* what stragglers get when the leader ended by itself */
  GIVE_UP_US = 5000000,  /* after KILL: it hangs in the kernel, or belongs to another user now */
  SOON_US = 10000,       /* between looks at stragglers */
  LATER_US = 1000000,    /* between looks at what left its leader while that runs */
};

struct run runs[MAX_RUNS];
int used_runs;
static uint64_t look_at = NEVER, lease_term_at = NEVER, lease_kill_at = NEVER;

bool goes_on(const struct run *run)
{
  return run->phase == RUNNING || run->phase == STRAGGLING;
}

struct run *find_run(uint32_t id)
{
  for (int i = 0; i < used_runs; i++)
    if (runs[i].id == id && goes_on(&runs[i])) return &runs[i];
  return NULL;
}

uint32_t count_runs(void)
{
  uint32_t count = 0;
  for (int i = 0; i < used_runs; i++) count += goes_on(&runs[i]);
  return count;
}

void close_fd(int *fd)
{
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

/* One read. False: nothing there now, or never again. */
static bool read_some(struct run *run, enum stream stream)
{
  static unsigned char bytes[READ_SIZE];
  int *fd = &run->pipes[stream];
  ssize_t count = *fd < 0 ? 0 : read(*fd, bytes, sizeof bytes);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (count <= 0) {
    close_fd(fd);
    return false;
  }
  if (run->phase == LEFT) return true;
  log_write(&run->log, stream, bytes, (size_t)count);
  /* Its time for a file came while there was nothing to put into one. */
  if (run->phase == RUNNING && run->file_at == NEVER) log_open(&run->log);
  if (run->forward) say_output(run, stream, bytes, (size_t)count);
  return true;
}

void read_pipe(struct run *run, enum stream stream)
{
  if (run->phase != FREE && !run->paused) read_some(run, stream);
}

/* What lies in the pipes; bounded, for somebody may hold them and print for ever. */
static void drain(struct run *run)
{
  for (int stream = OUT; stream <= ERR; stream++)
    for (int reads = 0; reads < 32 && read_some(run, (enum stream)stream); reads++) continue;
}

/* While the worker is slow to take what is forwarded to it, those who print it wait. */
void pause_forwarding(bool pause)
{
  for (int i = 0; i < used_runs; i++) {
    struct run *run = &runs[i];
    if (run->phase == FREE || !run->forward || run->paused == pause) continue;
    run->paused = pause;
    for (int stream = OUT; stream <= ERR; stream++) {
      if (run->pipes[stream] < 0) continue;
      if (pause) unwatch_fd(run->pipes[stream]);
      else watch_fd(run->pipes[stream], run, stream == OUT ? PIPE_OUT : PIPE_ERR);
    }
  }
}

/* Kills the group; the next looks kill those who left it, and find when all are gone. */
static void kill_run(struct run *run)
{
  kill(-run->pid, SIGKILL);
  if (!run->killing && run->phase == STRAGGLING) run->give_up_at = now_us() + GIVE_UP_US;
  run->killing = true;
  run->kill_at = NEVER;
  look_at = 0;
}

/* Takes note of the leader's end, if it has ended, and leaves it a zombie. */
bool leader_ended(struct run *run)
{
  siginfo_t end = { 0 };
  if (run->phase != RUNNING) return run->phase == STRAGGLING;
  if (waitid(P_PID, (id_t)run->pid, &end, WEXITED | WNOWAIT | WNOHANG) < 0 || end.si_pid == 0) return false;
  run->ended_at = mono_us();
  if (end.si_code == CLD_EXITED) run->exit_code = end.si_status;
  else run->signal = end.si_status;
  close_fd(&run->pidfd);
  run->phase = STRAGGLING;
  run->timeout_at = NEVER;
  look_at = 0;
  drain(run);
  if (run->cause == RUNS_ON) {
    run->cause = EXITED;
    run->kill_at = run->leave ? NEVER : now_us() + COURTESY_US;
  } else {
    run->killing = false;
    kill_run(run);
  }
  return true;
}

/* The first cause wins. An end for a run that is being ended can only hasten it. */
void end_run(struct run *run, enum cause cause, int signal, uint64_t grace_ms)
{
  if (leader_ended(run)) {
    if (!run->killing) kill_run(run);
    return;
  }
  if (run->phase != RUNNING) return;
  uint64_t kill_at = now_us() + grace_ms * 1000;
  if (kill_at < run->kill_at) run->kill_at = kill_at;
  if (run->cause == RUNS_ON) {
    run->cause = cause;
    if (grace_ms > 0) {
      signal_outsiders(run, signal);
      kill(-run->pid, signal);
      /* A stopped process acts on a signal only once it goes on. */
      kill(-run->pid, SIGCONT);
    }
  }
  if (grace_ms == 0 && !run->killing) kill_run(run);
}

void end_all(enum cause cause, uint64_t grace_ms)
{
  for (int i = 0; i < used_runs; i++)
    if (goes_on(&runs[i])) end_run(&runs[i], cause, SIGTERM, grace_ms);
}

void set_deadline(uint64_t sent_at, uint32_t term_ms, uint32_t kill_ms)
{
  uint64_t sent = now_us() - (mono_us() - sent_at);
  lease_term_at = kill_ms == 0 ? NEVER : sent + term_ms * 1000ULL;
  lease_kill_at = kill_ms == 0 ? NEVER : sent + kill_ms * 1000ULL;
}

bool lease_is_over(void)
{
  return lease_term_at <= now_us();
}

void add_usage(struct rusage *sum, const struct rusage *more)
{
  timeradd(&sum->ru_utime, &more->ru_utime, &sum->ru_utime);
  timeradd(&sum->ru_stime, &more->ru_stime, &sum->ru_stime);
  if (more->ru_maxrss > sum->ru_maxrss) sum->ru_maxrss = more->ru_maxrss;
}

/* Null when all slots are taken. */
struct run *take_slot(void)
{
  int i = 0;
  while (i < used_runs && runs[i].phase != FREE) i++;
  if (i == MAX_RUNS) return NULL;
  if (i == used_runs) used_runs++;
  runs[i] = (struct run){ .pidfd = -1, .pipes = { -1, -1 }, .exit_code = -1 };
  return &runs[i];
}

static void release(struct run *run)
{
  close_fd(&run->pipes[OUT]);
  close_fd(&run->pipes[ERR]);
  run->phase = FREE;
  while (used_runs > 0 && runs[used_runs - 1].phase == FREE) used_runs--;
}

/* Whether what outlived the leader is let live. */
static bool is_left(const struct run *run)
{
  return run->leave && run->cause == EXITED && !run->killing && run->orphans > 0;
}

/* The straight line from the leader's end, when nobody else is there or need be waited for, to the report. */
static void finish(struct run *run)
{
  struct rusage usage;
  bool leave = is_left(run);
  if (!leave) kill(-run->pid, SIGKILL);
  drain(run);
  if (wait4(run->pid, NULL, 0, &usage) == run->pid) add_usage(&run->usage, &usage);
  if (leave) run->orphans = 0;
  if (run->killed > 0 && run->cause == EXITED) {
    char text[80];
    snprintf(text, sizeof text, "%u left-over %s killed", run->killed, run->killed == 1 ? "process" : "processes");
    log_remark(&run->log, text);
  }
  log_end(&run->log);
  say_exit(run);
  free(run->log.small);
  free(run->log.file);
  if (leave) run->phase = LEFT;
  else release(run);
}

/* After a look: what is over now. */
static void finish_what_is_over(uint64_t now)
{
  for (int i = 0; i < used_runs; i++) {
    struct run *run = &runs[i];
    if (run->phase == LEFT && run->orphans == 0) release(run);
    if (run->phase != STRAGGLING) continue;
    if (run->orphans == 0 || run->give_up_at <= now || is_left(run)) finish(run);
  }
}

static void do_what_is_due(struct run *run, uint64_t now)
{
  if (run->file_at <= now) {
    run->file_at = NEVER;
    if (run->log.printed > 0) log_open(&run->log);
  }
  if (run->timeout_at <= now) {
    run->timeout_at = NEVER;
    end_run(run, TIMED_OUT, SIGTERM, run->grace_ms);
  }
  if (lease_kill_at <= now) end_run(run, LEASE_OVER, SIGKILL, 0);
  else if (lease_term_at <= now && run->cause == RUNS_ON)
    end_run(run, LEASE_OVER, SIGTERM, (lease_kill_at - now + 999) / 1000);
  if (run->kill_at <= now) kill_run(run);
}

void progress(void)
{
  uint64_t now = now_us();
  bool busy = used_runs > 0, straggles = false;
  for (int i = 0; i < used_runs; i++)
    if (goes_on(&runs[i])) do_what_is_due(&runs[i], now);
  if (look_at <= now) {
    look_at = NEVER;
    look_at_orphans();
    finish_what_is_over(now);
  }
  for (int i = 0; i < used_runs; i++) straggles |= runs[i].phase == STRAGGLING;
  if (straggles && look_at > now + SOON_US) look_at = now + SOON_US;
  /* Also once after the last run: for what a look that was cut short has missed. */
  if (busy && look_at == NEVER) look_at = now + LATER_US;
}

void look_again_soon(void)
{
  look_at = now_us() + SOON_US;
}

/* When progress() must be called again, whatever else happens. */
uint64_t next_due(void)
{
  uint64_t due = look_at;
  for (int i = 0; i < used_runs; i++) {
    const struct run *run = &runs[i];
    if (run->phase == FREE || run->phase == LEFT) continue;
    if (run->cause == RUNS_ON && lease_term_at < due) due = lease_term_at;
    if (run->file_at < due) due = run->file_at;
    if (run->timeout_at < due) due = run->timeout_at;
    if (run->kill_at < due) due = run->kill_at;
  }
  return due;
}
