// ResponseReader: octets of a connection in, one response out (RFC 9112), within bounds.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/error.h"
#include "platform/net/http.h"

namespace vedette::platform::net {

// Reads one response; does no input or output itself. The body is handed out in pieces, so that
// its size is for the caller to bound.
class ResponseReader {
 public:
  ResponseReader();
  ResponseReader(const ResponseReader&) = delete;
  ResponseReader& operator=(const ResponseReader&) = delete;
  ~ResponseReader();

  // Goes on with `octets`; body octets are appended to `body`. Returns whether the response is
  // complete. Refuses NET-SYNTAX: also for a body that only the end of the connection would
  // delimit (an attacker could cut it short), for 1xx answers, which we never ask for, and for
  // octets behind the response.
  [[nodiscard]] Result<bool> feed(ByteView octets, Bytes& body);

  [[nodiscard]] bool has_begun() const;         // any octet has come
  [[nodiscard]] bool is_head_complete() const;  // status(), head() and length are known
  [[nodiscard]] bool keeps_alive() const;
  [[nodiscard]] int status() const;
  // As announced; 0 when it was not.
  [[nodiscard]] std::uint64_t content_length() const;
  // Status, content type and headers; no body.
  [[nodiscard]] HttpResponse head() const;

 private:
  struct Parse;
  std::unique_ptr<Parse> parse_;
};

}  // namespace vedette::platform::net
