/*
 * Processes that left the one we started. Since we are a subreaper, whoever loses its parent becomes our child, so all that
 * may be left of a run whose leader has ended is among our children or below them: nobody need search the system.
 */
#include "launcher.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEEPEST = 64, MOST_SIGNALLED = 10000, MOST_LOOKS = 100 };

static int children_fd = -1;

bool prepare_orphans(void)
{
  char file[64];
  snprintf(file, sizeof file, "/proc/self/task/%d/children", (int)getpid());
  children_fd = open(file, O_RDONLY | O_CLOEXEC);
  return children_fd >= 0 && prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
}

/* The next pid of a list, which it steps over; 0 at the end. */
static pid_t next_pid(char **list)
{
  return (pid_t)strtol(*list, list, 10);
}

/* Our own children, as such a list. The kernel gives a page of it at a time. */
static char *list_children(void)
{
  static char list[256 * 1024];
  size_t length = 0;
  for (ssize_t count = 1; count > 0 && length < sizeof list - 1; length += count > 0 ? (size_t)count : 0)
    count = pread(children_fd, list + length, sizeof list - 1 - length, (off_t)length);
  list[length] = '\0';
  return list;
}

/* At most size - 1 bytes, as a text; empty where it cannot be read. */
size_t read_file(const char *file, char *text, size_t size)
{
  int fd = open(file, O_RDONLY | O_CLOEXEC);
  size_t length = 0;
  for (ssize_t count = 1; fd >= 0 && count > 0 && length < size - 1; length += count > 0 ? (size_t)count : 0)
    count = read(fd, text + length, size - 1 - length);
  if (fd >= 0) close(fd);
  text[length] = '\0';
  return length;
}

bool read_process(pid_t pid, struct process *process)
{
  char file[32], text[1024];
  int parent, group, session;
  unsigned long long start_time;
  snprintf(file, sizeof file, "/proc/%d/stat", (int)pid);
  read_file(file, text, sizeof text);
  /* The name before the fields may hold blanks and parentheses itself. */
  const char *fields = strrchr(text, ')');
  if (fields == NULL || sscanf(fields, ") %*c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                               &parent, &group, &session, &start_time) != 4)
    return false;
  *process = (struct process){ pid, parent, group, session, start_time };
  return true;
}

/* A file of a process, or where that has nothing, of the first of its threads that has: the first thread may have ended. */
static size_t read_of_process(pid_t pid, const char *name, char *text, size_t size)
{
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
  size_t length = read_file(path, text, size);
  if (length > 0) return length;
  snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  DIR *threads = opendir(path);
  for (struct dirent *thread = NULL; length == 0 && threads != NULL && (thread = readdir(threads)) != NULL;) {
    if (*thread->d_name == '.') continue;
    snprintf(path, sizeof path, "/proc/%d/task/%.16s/%s", (int)pid, thread->d_name, name);
    length = read_file(path, text, size);
  }
  if (threads != NULL) closedir(threads);
  return length;
}

/* Not so while it becomes another program, or ends: then its environment cannot be read either. */
static bool shows_itself(pid_t pid)
{
  char words[2];
  return read_of_process(pid, "cmdline", words, sizeof words) > 0;
}

/* The token that it was started with, until the next call; NULL where it has none, or hides it. */
static const char *token_of(pid_t pid)
{
  static char environment[256 * 1024];
  static const char name[] = "QUEUECTL_TOKEN=";
  size_t length = read_of_process(pid, "environ", environment, sizeof environment);
  for (const char *at = environment; at < environment + length; at += strlen(at) + 1)
    if (strncmp(at, name, sizeof name - 1) == 0) return at + sizeof name - 1;
  return NULL;
}

static bool is_leader(pid_t pid)
{
  for (int i = 0; i < used_runs; i++)
    if (runs[i].pid == pid && goes_on(&runs[i])) return true;
  return false;
}

/* By its session or group, which is certain, else by its token. */
static struct run *find_owner(const struct process *process)
{
  for (int i = 0; i < used_runs; i++)
    if (runs[i].phase != FREE && (runs[i].pid == process->session || runs[i].pid == process->group)) return &runs[i];
  const char *token = token_of(process->pid);
  for (int i = 0; token != NULL && i < used_runs; i++)
    if (runs[i].phase != FREE && strcmp(runs[i].token, token) == 0) return &runs[i];
  return NULL;
}

/* For one that hides whose it is: it may be of any run in this phase that is older than itself. */
static struct run *find_suspect(const struct process *process, enum phase phase)
{
  for (int i = 0; i < used_runs; i++)
    if (runs[i].phase == phase && runs[i].start_time <= process->start_time) return &runs[i];
  return NULL;
}

/* Each run that is to end, or to let it live, and may be the one that it is of, has it counted. False: there is none. */
static bool count_for_suspects(const struct process *process)
{
  bool counted = false;
  for (int i = 0; i < used_runs; i++) {
    bool counts = runs[i].phase == STRAGGLING || runs[i].phase == LEFT;
    if (!counts || runs[i].start_time > process->start_time) continue;
    runs[i].orphans++;
    counted = true;
  }
  return counted;
}

static bool reap(pid_t pid, struct run *owner)
{
  struct rusage usage;
  int status;
  if (wait4(pid, &status, WNOHANG, &usage) != pid) return false;
  if (owner == NULL || owner->phase == LEFT) return true;
  add_usage(&owner->usage, &usage);
  if (owner->killing && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) owner->killed++;
  return true;
}

enum finding { ENDED_BEFORE, STAYS, GOES };

/* It is our child, so its number cannot become a stranger's before we reap it. */
static enum finding look_at_orphan(pid_t pid)
{
  struct process process;
  if (is_leader(pid) || !read_process(pid, &process)) return STAYS;
  bool showed_itself = shows_itself(pid);
  struct run *owner = find_owner(&process);
  bool hides = owner == NULL && !(showed_itself && shows_itself(pid));
  bool may_stay = owner == NULL && find_suspect(&process, RUNNING) != NULL;
  if (owner == NULL && !may_stay) owner = find_suspect(&process, STRAGGLING);
  if (owner == NULL && !may_stay) owner = find_suspect(&process, LEFT);
  if (reap(pid, owner)) return ENDED_BEFORE;
  /* The next look will tell whose it is; or it was killed a moment ago, and what it leaves to us may be of any of them. */
  bool is_counted = hides && count_for_suspects(&process);
  if (!hides && owner != NULL) owner->orphans++;
  /* One that belongs to no run outlived its own. */
  bool must_go = !may_stay && !is_counted && (owner == NULL || owner->killing);
  if (must_go) kill(pid, SIGKILL);
  return must_go ? GOES : STAYS;
}

/* True: some had ended. */
static bool look_once(bool *some_go)
{
  bool some_ended = false;
  *some_go = false;
  for (int i = 0; i < used_runs; i++) runs[i].orphans = 0;
  char *list = list_children();
  for (pid_t pid; (pid = next_pid(&list)) > 0;) {
    enum finding finding = look_at_orphan(pid);
    some_ended |= finding == ENDED_BEFORE;
    *some_go |= finding == GOES;
  }
  return some_ended;
}

/*
 * What one that has ended leaves becomes our child, perhaps after the list was read, and whose that one was nobody can tell
 * any more. So only a look in which none had ended shows all; but whoever starts and leaves processes without end must not
 * keep us here.
 */
bool look_at_orphans(void)
{
  bool some_go = false;
  for (int looks = 0; looks < MOST_LOOKS && look_once(&some_go); looks++) continue;
  return some_go;
}

/* Neither our child nor in a group that we hold: it is the right one if, once held, its parent is still who it was. */
static bool signal_child(pid_t pid, pid_t parent, pid_t spared_group, int signal)
{
  struct process process;
  int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  bool is_right = fd >= 0 && read_process(pid, &process) && process.parent == parent;
  if (is_right && process.group != spared_group) {
    syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0);
    syscall(SYS_pidfd_send_signal, fd, SIGCONT, NULL, 0);
  }
  if (fd >= 0) close(fd);
  return is_right;
}

static void signal_below(pid_t parent, pid_t spared_group, int signal, int depth, int *budget)
{
  char path[64], list[4096];
  snprintf(path, sizeof path, "/proc/%d/task", (int)parent);
  DIR *threads = depth < DEEPEST ? opendir(path) : NULL;
  for (struct dirent *thread = NULL; threads != NULL && (thread = readdir(threads)) != NULL;) {
    if (*thread->d_name == '.') continue;
    snprintf(path, sizeof path, "/proc/%d/task/%.16s/children", (int)parent, thread->d_name);
    read_file(path, list, sizeof list);
    char *next = list;
    for (pid_t pid; (pid = next_pid(&next)) > 0 && --*budget > 0;)
      if (signal_child(pid, parent, spared_group, signal)) signal_below(pid, spared_group, signal, depth + 1, budget);
  }
  if (threads != NULL) closedir(threads);
}

/* To those of a run who left its group, so that they, too, may end well. Best effort: KILL comes for what it misses. */
void signal_outsiders(const struct run *run, int signal)
{
  int budget = MOST_SIGNALLED;
  signal_below(run->pid, run->pid, signal, 0, &budget);
  char *list = list_children();
  for (pid_t pid; (pid = next_pid(&list)) > 0;) {
    struct process process;
    if (is_leader(pid) || !read_process(pid, &process) || find_owner(&process) != run) continue;
    if (signal_child(pid, getpid(), run->pid, signal)) signal_below(pid, run->pid, signal, 0, &budget);
  }
}
