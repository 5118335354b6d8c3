/* Loaded before the C library (LD_PRELOAD): faults of the disk and of the clock, switched on and off while the program runs.
 *
 * CUEKEY_FAULTS         a file of 64-bit numbers, mapped: clock offset in microseconds; fsync fails; disk full; read-only; and those of steps.h
 * CUEKEY_FAULTS_FOLDER  only files below it fail
 *
 * A full disk is one that has no new blocks: what lies within a file may still be written over. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define KINDS 3
struct control {
    volatile int64_t clock_us, fsync_fails, disk_full, read_only;
    /* See steps.h. */
    volatile int64_t counts, kill_at, kill_after, begun, ended, of_kind[KINDS];
};
static struct control none;
static struct control *control = &none;
static char folder[1024];
static size_t folder_length;

#define REAL(type, name, ...) \
    static type (*real_##name)(__VA_ARGS__); \
    if (!real_##name) real_##name = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

static void steps_begin(void);

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CUEKEY_FAULTS");
    const char *below = getenv("CUEKEY_FAULTS_FOLDER");
    if (!path || !below) return;
    strncpy(folder, below, sizeof folder - 1);
    folder_length = strlen(folder);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *map = mmap(0, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED) control = map;
    steps_begin();
}

static int below(const char *path) { return folder_length && strncmp(path, folder, folder_length) == 0; }

static int ours(int fd) {
    char link[64], path[1024];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return below(path);
}

#include "steps.h"

static int fails(int error) { errno = error; return -1; }

/* What would be written to `end` must not fail: 0, or the error. */
static int refuses(int fd, off_t end) {
    if (control->read_only && ours(fd)) return EROFS;
    if (control->disk_full && ours(fd)) {
        struct stat now;
        if (fstat(fd, &now) == 0 && S_ISREG(now.st_mode) && end > now.st_size) return ENOSPC;
    }
    return 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(int, clock_gettime, clockid_t, struct timespec *);
    int done = real_clock_gettime(clock, now);
    int64_t offset = control->clock_us;
    if (done == 0 && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t us = (int64_t)now->tv_sec * 1000000 + now->tv_nsec / 1000 + offset;
        now->tv_sec = us / 1000000;
        now->tv_nsec = (us % 1000000) * 1000 + now->tv_nsec % 1000;
    }
    return done;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &exact)) return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (out) *out = exact.tv_sec;
    return exact.tv_sec;
}

int fsync(int fd) {
    REAL(int, fsync, int);
    if (control->fsync_fails && ours(fd)) return fails(EIO);
    return synced(fd, real_fsync(fd));
}

int fdatasync(int fd) {
    REAL(int, fdatasync, int);
    if (control->fsync_fails && ours(fd)) return fails(EIO);
    return synced(fd, real_fdatasync(fd));
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);
    int error = refuses(fd, at + (off64_t)size);
    if (error) return fails(error);
    writes(fd, data, size);
    return real_pwrite64(fd, data, size, at);
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t at) {
    REAL(ssize_t, pwritev64, int, const struct iovec *, int, off64_t);
    off64_t end = at;
    for (int i = 0; i < count; i++) end += (off64_t)pieces[i].iov_len;
    int error = refuses(fd, end);
    return error ? fails(error) : real_pwritev64(fd, pieces, count, at);
}

ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t at) { return pwritev64(fd, pieces, count, at); }

/* Answers the error itself. */
int posix_fallocate64(int fd, off64_t from, off64_t size) {
    REAL(int, posix_fallocate64, int, off64_t, off64_t);
    int error = refuses(fd, from + size);
    return error ? error : real_posix_fallocate64(fd, from, size);
}

int posix_fallocate(int fd, off_t from, off_t size) { return posix_fallocate64(fd, from, size); }

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return pwrite64(fd, data, size, at); }

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, write, int, const void *, size_t);
    if (control->read_only || control->disk_full) {
        int error = refuses(fd, lseek(fd, 0, SEEK_CUR) + (off_t)size);
        if (error) return fails(error);
    }
    writes(fd, data, size);
    int kind = says(fd, data, size);
    return said(fd, kind, real_write(fd, data, size));
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
    REAL(ssize_t, send, int, const void *, size_t, int);
    int kind = says(fd, data, size);
    return said(fd, kind, real_send(fd, data, size, flags));
}

/* One message, whatever it is made of: the first piece that begins a step counts. */
ssize_t writev(int fd, const struct iovec *pieces, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int);
    int kind = NOTHING;
    for (int i = 0; kind == NOTHING && i < count; i++) kind = says(fd, pieces[i].iov_base, pieces[i].iov_len);
    return said(fd, kind, real_writev(fd, pieces, count));
}

ssize_t recv(int fd, void *data, size_t size, int flags) {
    REAL(ssize_t, recv, int, void *, size_t, int);
    return heard(fd, data, real_recv(fd, data, size, flags));
}

ssize_t read(int fd, void *data, size_t size) {
    REAL(ssize_t, read, int, void *, size_t);
    return heard(fd, data, real_read(fd, data, size));
}

int ftruncate64(int fd, off64_t size) {
    REAL(int, ftruncate64, int, off64_t);
    int error = refuses(fd, size);
    return error ? fails(error) : real_ftruncate64(fd, size);
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int close(int fd) {
    REAL(int, close, int);
    closes(fd);
    return real_close(fd);
}

static int opening(const char *path, int flags) {
    return control->read_only && below(path) && ((flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT));
}

int open64(const char *path, int flags, ...) {
    REAL(int, open64, const char *, int, ...);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opening(path, flags) ? fails(EROFS) : real_open64(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    REAL(int, open, const char *, int, ...);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opening(path, flags) ? fails(EROFS) : real_open(path, flags, mode);
}

int mkdir(const char *path, mode_t mode) {
    REAL(int, mkdir, const char *, mode_t);
    return control->read_only && below(path) ? fails(EROFS) : real_mkdir(path, mode);
}
