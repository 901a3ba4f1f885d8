// How a session over shared memory begins: one hello, one welcome, then only the lifeline.
//
//   application                    agent (Unix socket, SOCK_SEQPACKET)
//   Hello                     ->   authorises the peer, looks for the model
//                             <-   Welcome, and with it the descriptor of a tensor channel whose
//                                  metadata is written, the application being its host; or a
//                                  refusal, and the socket is closed
//   ... calls over the channel; nothing more is sent, and whoever closes the socket ends it
//
// Both are plain structures in host byte order: both sides are one machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/strong_id.h"
#include "inference/channel/layout.h"

namespace vedette::inference {

inline constexpr std::uint32_t kGreetingMagic = 0x564D4C31;  // "VML1"
inline constexpr std::uint32_t kGreetingVersion = 1;
inline constexpr std::size_t kGreetingName = 64;

struct Hello {
  std::uint32_t magic;
  std::uint32_t version;
  std::uint64_t release;        // 0: whichever is served, also when it changes
  std::uint64_t request_bytes;  // payload of one request; 0: as much as the agent allows
  std::uint64_t reply_bytes;    // the same of one reply
  char model[kGreetingName];    // the rest is zero
};

struct Welcome {
  std::uint32_t magic;
  std::uint32_t version;
  std::uint64_t release;  // that the metadata is of; 0: refused
  std::uint32_t code_size;
  std::uint32_t text_size;
  char code[channel::kMaxCode];  // not terminated
  char text[channel::kMaxText];  // not terminated
};

static_assert(sizeof(Hello) == 96 && sizeof(Welcome) == 552);

// What an application asks for.
struct SessionWish {
  ModelName model;
  std::uint64_t release = 0;
  std::uint64_t request_bytes = 0;
  std::uint64_t reply_bytes = 0;

  friend bool operator==(const SessionWish&, const SessionWish&) = default;
};

[[nodiscard]] Hello to_hello(const SessionWish& wish);
// Of a stranger's bytes. Refuses MEM-HELLO (another size or magic, a name that is none, sizes
// beyond channel::kMaxPayload) and MEM-VERSION.
[[nodiscard]] Result<SessionWish> parse_hello(ByteView bytes);

[[nodiscard]] Welcome to_welcome(std::uint64_t release);
[[nodiscard]] Welcome to_welcome(const Error& refusal);  // text is cut to fit
// The release, or the refusal that the agent sent. Refuses MEM-WELCOME for anything else.
[[nodiscard]] Result<std::uint64_t> parse_welcome(ByteView bytes);

// The message that came and its descriptors; a longer one than either structure comes out cut, and
// does not parse. None when the other side is gone or nothing came in the socket's time.
struct GreetingMessage {
  Bytes bytes;
  std::vector<UniqueFd> fds;
};
[[nodiscard]] std::optional<GreetingMessage> receive_greeting(int socket);

}  // namespace vedette::inference
