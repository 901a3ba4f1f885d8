/* A client in C11: asks the model `echo` at the path given, and says by its exit code how it went. */
#include <stdio.h>
#include <string.h>

#include "vedette/client.h"

static int fail(const char* what, const vedette_error* error) {
  fprintf(stderr, "%s: %s: %s\n", what, error->code, error->text);
  return 1;
}

static int ask(vedette_client* client) {
  const unsigned char samples[3] = {1, 2, 3};
  unsigned char place[4] = {0};
  vedette_error error = {{0}, {0}};
  vedette_input input = {
      .index = 0, .type = VEDETTE_UINT8, .rank = 1, .dims = {3}, .data = samples, .size = 3};
  vedette_output output = {.data = place, .capacity = sizeof place};
  if (vedette_infer(client, &input, 1, &output, 1, 20000000, &error) != 0)
    return fail("infer", &error);
  if (output.type != VEDETTE_UINT8 || output.rank != 1 || output.dims[0] != 3 || output.size != 3)
    return 2;
  if (memcmp(place, samples, sizeof samples) != 0) return 3;
  output.capacity = 2;
  if (vedette_infer(client, &input, 1, &output, 1, 20000000, &error) == 0) return 4;
  if (strcmp(error.code, "CLIENT-ROOM") != 0 || output.size != 3) return fail("room", &error);
  memset(&output, 0, sizeof output);
  if (vedette_infer(client, &input, 1, &output, 1, 20000000, &error) != 0)
    return fail("infer without a place", &error);
  if (output.owned == 0 || memcmp(output.data, samples, sizeof samples) != 0) return 5;
  vedette_release(&output, 1);
  return output.data == NULL ? 0 : 6;
}

int main(int argc, char** argv) {
  vedette_client* client = NULL;
  vedette_error error = {{0}, {0}};
  size_t count = 0;
  int result = 0;
  if (argc != 2) return 64;
  if (vedette_connect(argv[1], "nothing", &client, &error) == 0 || client != NULL) return 7;
  if (strcmp(error.code, "AGT-NO-MODEL") != 0) return fail("unknown model", &error);
  if (vedette_connect(argv[1], "echo", &client, &error) != 0) return fail("connect", &error);
  if (strcmp(vedette_inputs(client, &count)[0].name, "x") != 0 || count != 1) result = 8;
  if (vedette_outputs(client, &count)[0].dims[0] != -1 || count != 1) result = 9;
  if (result == 0) result = ask(client);
  vedette_close(client);
  return result;
}
