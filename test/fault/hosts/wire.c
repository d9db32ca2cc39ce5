/*
 * Wires between network namespaces that can be cut, slowed and made to lose, each direction by itself: for kernels without
 * netem. Takes every frame that arrives at one interface and sends it out of another; the links stay up, so that both ends
 * find out by silence alone, as where a switch in the middle has died.
 *
 * wire A1 B1 [A2 B2 …] joins each pair of interfaces of the namespace it is started in, and reads lines:
 *   <pair, from 0> <a: from A to B, b: from B to A> <delay in ms> <loss in percent>
 * and answers each with "ok" once it holds, for frames that are already under way, too. It ends with its standard input.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_PAIRS = 8, MOST_BYTES = 1 << 17, MOST_WAITING = 20000 };

/* A frame behind its offload header: what the sender left to its card (checksums, segments) goes on as it is. */
struct frame {
  struct frame *next;
  long long arrived_ms;
  size_t length;
  char bytes[];
};

struct way {
  int from, to;
  int delay_ms, loss_percent;
  int waiting;
  struct frame *first, *last;
};

static struct way ways[MOST_PAIRS * 2];
static int way_count;

static void fail(const char *what) {
  fprintf(stderr, "wire: %s: %s\n", what, strerror(errno));
  exit(1);
}

static long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static int open_interface(const char *name) {
  int socket_fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL));
  if (socket_fd < 0) fail("socket");
  int one = 1, bytes = 8 << 20;
  /* Without it, what is sent here would come back as if it had arrived. */
  if (setsockopt(socket_fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one)) fail("PACKET_IGNORE_OUTGOING");
  if (setsockopt(socket_fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one)) fail("PACKET_VNET_HDR");
  if (setsockopt(socket_fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes)) fail("SO_RCVBUFFORCE");
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  address.sll_ifindex = (int)if_nametoindex(name);
  if (address.sll_ifindex == 0) fail(name);
  if (bind(socket_fd, (struct sockaddr *)&address, sizeof address)) fail("bind");
  return socket_fd;
}

static void add_way(int from, int to) {
  ways[way_count++] = (struct way){.from = from, .to = to};
}

static void take_frames(struct way *way) {
  static char buffer[MOST_BYTES];
  ssize_t length;
  while ((length = recv(way->from, buffer, sizeof buffer, 0)) > 0) {
    /* A real queue is bounded, too. */
    if (random() % 100 < way->loss_percent || way->waiting >= MOST_WAITING) continue;
    struct frame *frame = malloc(sizeof *frame + (size_t)length);
    if (frame == NULL) fail("malloc");
    *frame = (struct frame){.arrived_ms = now_ms(), .length = (size_t)length};
    memcpy(frame->bytes, buffer, (size_t)length);
    if (way->last == NULL) way->first = frame;
    else way->last->next = frame;
    way->last = frame;
    way->waiting += 1;
  }
}

static void drop_first(struct way *way) {
  struct frame *frame = way->first;
  way->first = frame->next;
  if (way->first == NULL) way->last = NULL;
  way->waiting -= 1;
  free(frame);
}

/* Milliseconds until the next frame of this way is due; -1: none waits. */
static int send_due(struct way *way) {
  while (way->first != NULL) {
    long long wait_ms = way->first->arrived_ms + way->delay_ms - now_ms();
    if (wait_ms > 0) return (int)wait_ms;
    /* What the far end does not take is lost, as on any wire. */
    (void)!send(way->to, way->first->bytes, way->first->length, 0);
    drop_first(way);
  }
  return -1;
}

static void obey(const char *line) {
  int pair, delay_ms, loss_percent;
  char direction;
  if (sscanf(line, "%d %c %d %d", &pair, &direction, &delay_ms, &loss_percent) != 4 || pair < 0 ||
      pair * 2 >= way_count || (direction != 'a' && direction != 'b')) {
    fprintf(stderr, "wire: not understood: %s", line);
    exit(2);
  }
  struct way *way = &ways[pair * 2 + (direction == 'b')];
  way->delay_ms = delay_ms;
  way->loss_percent = loss_percent;
  /* A cut wire carries nothing on: no frame of before the cut arrives after it. */
  while (loss_percent == 100 && way->first != NULL) drop_first(way);
  if (printf("ok\n") < 0 || fflush(stdout)) fail("stdout");
}

/* Each line is obeyed alone: the reader's buffer must not hold back a second one from poll. */
static void read_lines(void) {
  static char text[4096];
  static size_t length;
  ssize_t got = read(STDIN_FILENO, text + length, sizeof text - 1 - length);
  if (got <= 0) exit(0);
  length += (size_t)got;
  text[length] = '\0';
  char *line = text, *end;
  while ((end = strchr(line, '\n')) != NULL) {
    *end = '\0';
    obey(line);
    line = end + 1;
  }
  length = strlen(line);
  memmove(text, line, length + 1);
}

int main(int count, char **names) {
  if (count < 3 || count % 2 == 0 || count > 1 + 2 * MOST_PAIRS) {
    fprintf(stderr, "usage: wire A1 B1 [A2 B2 ...]\n");
    return 2;
  }
  for (int i = 1; i < count; i += 2) {
    int a = open_interface(names[i]), b = open_interface(names[i + 1]);
    add_way(a, b);
    add_way(b, a);
  }
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    struct pollfd polled[1 + MOST_PAIRS * 2] = {{.fd = STDIN_FILENO, .events = POLLIN}};
    int timeout_ms = -1;
    for (int i = 0; i < way_count; i++) {
      int wait_ms = send_due(&ways[i]);
      if (wait_ms >= 0 && (timeout_ms < 0 || wait_ms < timeout_ms)) timeout_ms = wait_ms;
      polled[i + 1] = (struct pollfd){.fd = ways[i].from, .events = POLLIN};
    }
    if (poll(polled, (nfds_t)way_count + 1, timeout_ms) < 0 && errno != EINTR) fail("poll");
    for (int i = 0; i < way_count; i++)
      if (polled[i + 1].revents) take_frames(&ways[i]);
    if (polled[0].revents) read_lines();
  }
}
