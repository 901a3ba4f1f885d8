// RequestReader: octets of a connection in, requests out (RFC 9112), within bounds.
#pragma once

#include <expected>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "platform/net/http.h"

namespace vedette::platform::net {

inline constexpr std::size_t kMaxHeaderBytes = 16 << 10;
inline constexpr std::size_t kMaxTargetBytes = 2 << 10;

// An answer to input that is no acceptable request. The texts are literals that need no escaping.
struct Rejection {
  int status = 400;
  std::string_view code;
  std::string_view message;
};

// Reads one request after the other from one connection; does no input or output itself.
// Rejects HTTP-SYNTAX (400), HTTP-BODY-SIZE (413), HTTP-TARGET-SIZE (414) and HTTP-HEADER-SIZE
// (431); after a rejection the connection is of no more use.
class RequestReader {
 public:
  enum class State {
    need_more,
    want_continue,  // the client waits for "100 Continue" (RFC 9110, 10.1.1); said once
    complete        // take() it
  };

  explicit RequestReader(std::size_t max_body_bytes);
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;
  ~RequestReader();

  // Goes on with `octets`, which may be empty: octets behind a request are kept for the next one.
  [[nodiscard]] std::expected<State, Rejection> feed(ByteView octets);

  // Whether any octet of the present request has come.
  [[nodiscard]] bool has_begun() const;
  // Of a complete request: whether the client means to send another one.
  [[nodiscard]] bool keeps_alive() const;
  // The complete request; the reader then starts on the next one.
  [[nodiscard]] HttpRequest take();

 private:
  struct Parse;
  std::size_t max_body_bytes_;
  std::unique_ptr<Parse> parse_;
};

}  // namespace vedette::platform::net
