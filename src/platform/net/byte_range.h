// A part of a resource in one request (RFC 9110, 14): from an octet on, so that a transfer that
// broke can go on where it was.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform/net/http.h"

namespace vedette::platform {

struct ByteRange {
  std::uint64_t first = 0;  // octets before it
  std::uint64_t size = 0;   // octets; at least 1
};

// Asks for the octets from `first` on of the representation that `entity_tag` (without quotes)
// names; of another one the server would send the whole.
void ask_from(HttpRequest& request, std::uint64_t first, std::string_view entity_tag);

// Where the part begins that a request for `bytes=N-` wants; none in every other request.
[[nodiscard]] std::optional<std::uint64_t> asked_from(const HttpRequest& request);

// The part of `size` octets that a request asks for. None: the whole, also for what a server may
// ignore (RFC 9110, 14.2), as several ranges, the last octets, other units, or words that are no
// range. Refuses HTTP-RANGE where it would begin at the end or behind (14.1.2).
[[nodiscard]] Result<std::optional<ByteRange>> requested_range(const HttpRequest& request,
                                                               std::uint64_t size,
                                                               std::string_view entity_tag);

// Makes `response`, which streams the part's octets, say which they are: status 206.
void mark_partial(HttpResponse& response, const ByteRange& range, std::uint64_t size);

// Whether an answer's body begins where the request wanted it: for one with asked_from() `first`,
// status 206 from that octet on; for any other, not 206. Refuses NET-RANGE.
[[nodiscard]] Result<void> check_beginning(const HttpResponse& head,
                                           std::optional<std::uint64_t> first);

}  // namespace vedette::platform
