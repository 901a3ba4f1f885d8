/* Vedette's client: ask a model of this device's agent over shared memory.
 *
 *   vedette_client* client;
 *   vedette_error error;
 *   if (vedette_connect("/run/vedette/memory.sock", "voice", &client, &error) != 0) ...
 *   vedette_input input = {.index = 0, .type = VEDETTE_FP32, .rank = 2, .dims = {1, 512},
 *                          .data = samples, .size = sizeof samples};
 *   vedette_output output = {0};
 *   if (vedette_infer(client, &input, 1, &output, 1, 500000, &error) != 0) ...
 *
 * C11; C++ programs may prefer client.hpp. The ABI of version 1 is stable: handles are opaque, and
 * no structure below changes. Functions that can fail return 0 when all went well, and -1 with the
 * reason in `error` (which may be NULL). Nothing here prints, sets handlers, starts threads or
 * throws.
 *
 * Threads: a client may be used by many threads at once; as many calls are under way as the agent's
 * channel has places (4), and the agent serves them in turn. vedette_close() must come after the
 * last call has returned. A client is of no use in a child after fork().
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(VEDETTE_CLIENT_BUILD)
#define VEDETTE_API __attribute__((visibility("default")))
#else
#define VEDETTE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define VEDETTE_MAX_RANK 8

/* Element types; one octet for a BOOL, which is 0 or 1. */
enum {
  VEDETTE_BOOL = 1,
  VEDETTE_INT8,
  VEDETTE_INT16,
  VEDETTE_INT32,
  VEDETTE_INT64,
  VEDETTE_UINT8,
  VEDETTE_UINT16,
  VEDETTE_UINT32,
  VEDETTE_UINT64,
  VEDETTE_FP16,
  VEDETTE_FP32,
  VEDETTE_FP64
};

typedef struct vedette_client vedette_client;

/* Why something failed. Codes are stable and of the form AREA-REASON; texts are for people. This
 * library's own codes:
 *   CLIENT-ARGUMENT  a pointer, count, name or path that cannot be meant
 *   CLIENT-CONNECT   no agent answers there, or the caller may not open its socket
 *   CLIENT-TIMEOUT   the answer did not come in time; the client lives on
 *   CLIENT-CLOSED    the agent ended the session, or ended itself; connect again
 *   CLIENT-ROOM      an output is larger than its place; its `size` says how large
 *   CLIENT-MEMORY    there is no memory left
 *   MEM-WELCOME      what answers at the path is not an agent
 *   SBX-CHANNEL, SBX-REPLY   what the agent sent is malformed; the client is closed by that
 *   INF-INPUT, INF-SHAPE, INF-DATA, SBX-REQUEST-SIZE   the inputs are not ones for this model
 * and whatever the agent refuses with, see docs/client.md. */
typedef struct vedette_error {
  char code[64];
  char text[576];
} vedette_error;

/* How to connect. Zero is the default of every member. */
typedef struct vedette_options {
  size_t struct_size;          /* sizeof(vedette_options) */
  uint64_t release;            /* 0: whichever is served, also when a newer one replaces it */
  uint64_t request_bytes;      /* room for the inputs of one call; 0: as much as the agent allows */
  uint64_t reply_bytes;        /* the same for outputs */
  uint64_t connect_timeout_us; /* 0: five seconds */
} vedette_options;

/* One input or output that the model declares. `name` lives as long as the client. */
typedef struct vedette_info {
  const char* name;
  uint32_t type;
  uint32_t rank;
  int64_t dims[VEDETTE_MAX_RANK]; /* -1: each call chooses */
} vedette_info;

/* One input: dense, row-major, host byte order, at any alignment. Only read, and only during the
 * call. */
typedef struct vedette_input {
  uint32_t index; /* among the model's inputs */
  uint32_t type;
  uint32_t rank;
  uint32_t reserved; /* 0 */
  int64_t dims[VEDETTE_MAX_RANK];
  const void* data;
  size_t size; /* octets */
} vedette_input;

/* One output. Before the call: `data` and `capacity` are the caller's place for it, or all is zero,
 * and the library makes the place (and sets `owned`), which is used again by a later call and freed
 * by vedette_release(). After the call: type, rank, dims and size are the output's. */
typedef struct vedette_output {
  uint32_t type;
  uint32_t rank;
  uint32_t owned;
  uint32_t reserved; /* 0 */
  int64_t dims[VEDETTE_MAX_RANK];
  void* data;
  size_t capacity; /* octets */
  size_t size;     /* octets */
} vedette_output;

/* Opens a session for one model with the agent that listens at `path`. */
VEDETTE_API int vedette_connect(const char* path, const char* model, vedette_client** client,
                                vedette_error* error);
VEDETTE_API int vedette_connect_with(const char* path, const char* model,
                                     const vedette_options* options, vedette_client** client,
                                     vedette_error* error);
/* Ends the session and frees the client. NULL is allowed. */
VEDETTE_API void vedette_close(vedette_client* client);

/* What the model declares; `count` is set. The arrays live as long as the client. */
VEDETTE_API const vedette_info* vedette_inputs(const vedette_client* client, size_t* count);
VEDETTE_API const vedette_info* vedette_outputs(const vedette_client* client, size_t* count);
/* The release that answered the connection. */
VEDETTE_API uint64_t vedette_release_number(const vedette_client* client);

/* One call; `outputs` has room for `capacity` of them, at least as many as the model declares, and
 * outputs[i] becomes the model's output i. After a failure they are unspecified, but may be used
 * again. `timeout_us` covers everything, waiting for a free place included. */
VEDETTE_API int vedette_infer(vedette_client* client, const vedette_input* inputs, size_t count,
                              vedette_output* outputs, size_t capacity, uint64_t timeout_us,
                              vedette_error* error);

/* Frees what the library made in these outputs, and zeroes them. */
VEDETTE_API void vedette_release(vedette_output* outputs, size_t count);

#ifdef __cplusplus
}
#endif
