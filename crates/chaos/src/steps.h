/* Steps: what the program makes durable, or tells somebody outside. They are counted, and one of them may be its last.
 *
 *   commit   SQLite: the frame that ends a transaction is written to the log, until the log is on the disk.
 *            PostgreSQL: COMMIT is sent, until it is answered.
 *   request  to somebody over HTTP, until the answer comes.
 *   command  to a lamp by the broker inside, or to a relay board, until it has left.
 *
 * While `counts` is set: the step number `kill_at` (from 1 on; 0: none) ends the process by SIGKILL, before it begins, or with `kill_after`
 * when it has happened, and nobody in this process knows yet. `begun` and `ended` count all steps, `of_kind` those that were begun.
 *
 * CUEKEY_FAULTS_POSTGRES, _REQUESTS, _LAMPS, _BOARDS   ports, separated by commas: of the database, of those who are asked, our own for lamps, and of
 * relay boards */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

enum { NOTHING = -1, COMMIT, REQUEST, COMMAND };

/* What one process does at a time, it does on descriptors: a step is under way on its own, and known by it. */
#define DESCRIPTORS 4096
static volatile char under_way[DESCRIPTORS];
/* The descriptor of the step that is the last one, once it has happened. */
static volatile int last = -1;

#define PORTS 8
static int postgres[PORTS], requests[PORTS], lamps[PORTS], boards[PORTS];

static void ports(const char *name, int *into) {
    const char *text = getenv(name);
    for (int i = 0; text && *text && i < PORTS; i++) {
        char *rest;
        into[i] = (int)strtol(text, &rest, 10);
        text = *rest == ',' ? rest + 1 : 0;
    }
}

static void steps_begin(void) {
    ports("CUEKEY_FAULTS_POSTGRES", postgres);
    ports("CUEKEY_FAULTS_REQUESTS", requests);
    ports("CUEKEY_FAULTS_LAMPS", lamps);
    ports("CUEKEY_FAULTS_BOARDS", boards);
}

static int among(const int *all, int port) {
    for (int i = 0; i < PORTS; i++)
        if (port && all[i] == port) return 1;
    return 0;
}

/* The port of one end of a connection; 0 where it is none. */
static int port_of(int fd, int (*name)(int, struct sockaddr *, socklen_t *)) {
    struct sockaddr_in at;
    socklen_t size = sizeof at;
    memset(&at, 0, sizeof at);
    return name(fd, (struct sockaddr *)&at, &size) == 0 && at.sin_family == AF_INET ? ntohs(at.sin_port) : 0;
}

static int is_log(int fd) {
    char link[64], path[1024];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 4) return 0;
    path[length] = 0;
    return below(path) && strcmp(path + length - 4, "-wal") == 0;
}

static void end_here(void) {
    kill(getpid(), SIGKILL);
    /* Other threads may be a moment late to hear of it; this one does nothing more. */
    for (;;) pause();
}

static void step_begins(int fd, int kind) {
    /* Where a message did not fit in, it is sent again. */
    if (fd < 0 || fd >= DESCRIPTORS || under_way[fd]) return;
    int64_t number = __atomic_add_fetch(&control->begun, 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&control->of_kind[kind], 1, __ATOMIC_SEQ_CST);
    if (number == control->kill_at) {
        if (!control->kill_after) end_here();
        last = fd;
    }
    under_way[fd] = 1;
}

static void step_ends(int fd) {
    if (last == fd) end_here();
    under_way[fd] = 0;
    if (control->counts) __atomic_add_fetch(&control->ended, 1, __ATOMIC_SEQ_CST);
}

static int is_under_way(int fd) { return fd >= 0 && fd < DESCRIPTORS && under_way[fd]; }

/* Something is about to be written to a file. A frame's head says in its second word how large the database is, where it ends a transaction. */
static void writes(int fd, const void *data, size_t size) {
    static const char zero[4];
    if (control->counts && size == 24 && memcmp((const char *)data + 4, zero, sizeof zero) && is_log(fd)) step_begins(fd, COMMIT);
}

/* A file is on the disk. */
static int synced(int fd, int done) {
    if (done == 0 && is_under_way(fd) && is_log(fd)) step_ends(fd);
    return done;
}

static const char asks_to_commit[] = "Q\0\0\0\013COMMIT", has_committed[] = "C\0\0\0\013COMMIT";

/* What a lamp is told: Tasmota by the topic, Shelly by the method, with its quotes (others begin like it). */
static int tells_a_lamp(const void *data, size_t size) {
    return memmem(data, size, "cmnd/", 5) || memmem(data, size, "\"Switch.Set\"", 12);
}

/* A Modbus request that writes a coil: behind transaction, protocol, length and unit stands the function. */
static int writes_a_coil(const void *data, size_t size) { return size == 12 && ((const unsigned char *)data)[7] == 5; }

/* Something is about to be sent: what step it begins. */
static int says(int fd, const void *data, size_t size) {
    if (!control->counts || size < 5) return NOTHING;
    int kept = errno, kind = NOTHING;
    /* What it says is looked at first: that costs no call. With the zero at their ends. */
    if (memmem(data, size, asks_to_commit, sizeof asks_to_commit)) {
        if (among(postgres, port_of(fd, getpeername))) kind = COMMIT;
    } else if (memcmp(data, "POST ", 5) == 0 || memcmp(data, "GET /", 5) == 0) {
        if (among(requests, port_of(fd, getpeername))) kind = REQUEST;
    } else if (tells_a_lamp(data, size)) {
        if (among(lamps, port_of(fd, getsockname))) kind = COMMAND;
    } else if (writes_a_coil(data, size)) {
        if (among(boards, port_of(fd, getpeername))) kind = COMMAND;
    }
    errno = kept;
    if (kind != NOTHING) step_begins(fd, kind);
    return kind;
}

/* It was sent, or not: a command has left with that. */
static ssize_t said(int fd, int kind, ssize_t done) {
    if (kind == COMMAND && done > 0) step_ends(fd);
    return done;
}

/* Something has come. */
static ssize_t heard(int fd, const void *data, ssize_t size) {
    if (size < 9 || !is_under_way(fd)) return size;
    if (memmem(data, (size_t)size, has_committed, sizeof has_committed) || memcmp(data, "HTTP/1.1 ", 9) == 0) step_ends(fd);
    return size;
}

/* Whatever was under way on it ends without an answer. */
static void closes(int fd) {
    if (is_under_way(fd)) under_way[fd] = 0;
}
