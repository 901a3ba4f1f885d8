// The kernel's table of TCP sockets: long lines, half lines, and whatever another kernel may print.
#include <cstdlib>

#include "base/bytes.h"
#include "platform/net/beast/tcp_table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette::platform::net;
  const TcpEnd loopback{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}, 0xCDA3};
  const auto owner = find_owner(vedette::as_text({data, size}), loopback, loopback);
  if (owner && owner->inode == 0) std::abort();
  return 0;
}
