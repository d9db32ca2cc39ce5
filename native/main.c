/* The loop: commands, pipes, ends of processes, time. One thread; nothing in it waits, but for the exec of a start. */
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum {
  LAST_GRACE_MS = 1000,          /* what runs get when the worker is gone */
  LAST_WORDS_US = 1000000,       /* how long a worker that is not gone has to hear of their end */
  NEWS_MAY_WAIT_US = 20000,      /* what is not urgent is sent along with more of it */
  PAUSE_ABOVE = 1024 * 1024,     /* bytes on their way to the worker */
  RESUME_BELOW = 256 * 1024,
  FIRST_LOCK_BYTE = 0x40000000,  /* SQLite's: the pending byte, the reserved byte, 510 shared bytes */
  LOCK_BYTES = 512,
};

int null_fd;
mode_t worker_umask;
static int epoll_fd, timer_fd;
static bool ending;
static uint64_t armed_at = NEVER, send_at = NEVER, leave_at = NEVER;

static uint64_t read_clock(clockid_t clock)
{
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t now_us(void)
{
  return read_clock(CLOCK_BOOTTIME);
}

uint64_t mono_us(void)
{
  return read_clock(CLOCK_MONOTONIC);
}

static void watch(int fd, uint32_t events, uint64_t tag)
{
  struct epoll_event event = { .events = events, .data.u64 = tag };
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 && errno == EEXIST) epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event);
}

void watch_fd(int fd, const struct run *run, enum kind_of_fd kind)
{
  watch(fd, EPOLLIN, (uint64_t)(run == NULL ? 0 : run - runs) << 3 | kind);
}

void unwatch_fd(int fd)
{
  epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

/*
 * The session's second lock, held until we end, on the bytes that SQLite locks: a program that opens the file with
 * SQLite and begins an exclusive transaction learns whether we live. The descriptor stays open for ever, and no other
 * descriptor of the file may ever be opened here: closing one would drop the lock.
 */
bool take_lock(const char *file)
{
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = FIRST_LOCK_BYTE, .l_len = LOCK_BYTES };
  int fd = open(file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
  return fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0;
}

static void ignore(int signal)
{
  (void)signal;
}

/*
 * Whatever stops the worker comes to us as the end of its commands; a signal alone must not end us before our runs.
 * Caught, not ignored: an exec resets what is caught and hands down what is ignored.
 */
static void set_signals(void)
{
  struct sigaction caught = { .sa_handler = ignore, .sa_flags = SA_RESTART }, usual = { .sa_handler = SIG_DFL };
  sigset_t none;
  sigemptyset(&none);
  for (int signal = 1; signal <= 64; signal++) sigaction(signal, &usual, NULL);
  const int ours[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2 };
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) sigaction(ours[i], &caught, NULL);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Descriptors of processes came with Linux 5.3. */
static bool is_new_enough(void)
{
  struct utsname system;
  int major = 0, minor = 0;
  return uname(&system) == 0 && sscanf(system.release, "%d.%d", &major, &minor) == 2 &&
         (major > 5 || (major == 5 && minor >= 3));
}

static bool prepare(void)
{
  set_signals();
  worker_umask = umask(077);
  /* What the worker let slip through to us must not reach its jobs. */
  syscall(SYS_close_range, 3, ~0U, 0);
  do null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  while (null_fd >= 0 && null_fd <= 2); /* a standard descriptor was missing; this fills its place */
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (null_fd < 0 || epoll_fd < 0 || timer_fd < 0 || !is_new_enough() || !prepare_starts() || !prepare_orphans()) return false;
  fcntl(COMMANDS_FD, F_SETFL, O_NONBLOCK);
  fcntl(EVENTS_FD, F_SETFL, O_NONBLOCK);
  watch_fd(COMMANDS_FD, NULL, COMMANDS);
  watch_fd(timer_fd, NULL, TIMER);
  return true;
}

static void begin_to_end(void)
{
  if (ending) return;
  ending = true;
  unwatch_fd(COMMANDS_FD);
  withdraw(0);
  end_all(ENDED, LAST_GRACE_MS);
}

/* Sets the one timer. It may ring too early, for something that is over: that costs less than to set it each time. */
static void arm(uint64_t due)
{
  if (due >= armed_at || due == NEVER) return;
  struct itimerspec at = { .it_value = { .tv_sec = (time_t)(due / 1000000), .tv_nsec = (long)(due % 1000000) * 1000 } };
  if (due == 0) at.it_value.tv_nsec = 1;
  timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
  armed_at = due;
}

static void dispatch(uint64_t tag)
{
  struct run *run = &runs[tag >> 3];
  uint64_t ignored;
  switch ((enum kind_of_fd)(tag & 7)) {
  case COMMANDS:
    if (!ending && !read_commands()) begin_to_end();
    break;
  case EVENTS:
    unwatch_fd(EVENTS_FD);
    break;
  case TIMER:
    if (read(timer_fd, &ignored, sizeof ignored) > 0) armed_at = NEVER;
    break;
  case PIPE_OUT:
    read_pipe(run, OUT);
    break;
  case PIPE_ERR:
    read_pipe(run, ERR);
    break;
  case LEADER:
    leader_ended(run);
    break;
  }
}

/* Sends what is to be sent, and slows down those who print more than the worker takes. */
static void send(bool at_once)
{
  static bool paused;
  if (events_waiting() == 0) return;
  uint64_t now = now_us();
  if (!at_once && send_at == NEVER) send_at = now + NEWS_MAY_WAIT_US;
  if (!at_once && send_at > now) return;
  send_at = NEVER;
  if (!send_events()) begin_to_end();
  if (events_waiting() > 0) watch(EVENTS_FD, EPOLLOUT, EVENTS);
  bool pause = events_waiting() > (paused ? RESUME_BELOW : PAUSE_ABOVE);
  if (pause != paused) pause_forwarding(paused = pause);
}

static bool is_over(void)
{
  if (!ending || count_runs() > 0) return false;
  /* There is no run: what is there must go, and what that leaves behind would be nobody's after us. */
  bool some_go = look_at_orphans();
  if (some_go) look_again_soon();
  if (leave_at == NEVER) leave_at = now_us() + LAST_WORDS_US;
  return (!some_go && events_waiting() == 0) || leave_at <= now_us();
}

int main(void)
{
  struct epoll_event events[64];
  if (!prepare()) {
    say_error(0, GARBAGE, "this system lacks what the launcher needs (Linux 5.3, its list of children)");
    send_events();
    return 1;
  }
  for (;;) {
    progress();
    start_waiting();
    send(has_urgent_events() || ending);
    if (is_over()) return 0;
    uint64_t due = next_due();
    if (send_at < due) due = send_at;
    if (leave_at < due) due = leave_at;
    arm(due);
    int count = epoll_wait(epoll_fd, events, sizeof events / sizeof *events, -1);
    for (int i = 0; i < count; i++) dispatch(events[i].data.u64);
  }
}
