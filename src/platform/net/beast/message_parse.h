// MessageParse: Beast's parser, fed with octets as they come and bounded in memory.
#pragma once

#include <array>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "base/bytes.h"

namespace vedette::platform::net {

namespace http = boost::beast::http;

template <bool kIsRequest>
class MessageParse {
 public:
  using Parser = http::parser<kIsRequest, http::buffer_body>;

  explicit MessageParse(std::size_t max_header_bytes) {
    parser_.header_limit(static_cast<std::uint32_t>(max_header_bytes));
    // Bodies are counted by the caller, who knows where they go.
    parser_.body_limit(boost::none);
  }

  void add(ByteView octets) { append(pending_, octets); }

  // Parses as far as the end of the head, then a piece of the body at a time, appended to `body`.
  // http::error::need_more asks for octets; is_done() of the parser says when the message is whole.
  boost::system::error_code step(Bytes& body) {
    boost::system::error_code error = http::error::need_more;
    if (pending_.empty()) return error;
    auto& window = parser_.get().body();
    window.data = piece_.data();
    window.size = piece_.size();
    const auto used = parser_.put(boost::asio::buffer(pending_), error);
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(used));
    append(body, ByteView(piece_.data(), piece_.size() - window.size));
    if (error == http::error::need_buffer) error = {};
    return error;
  }

  [[nodiscard]] const Parser& parser() const { return parser_; }
  [[nodiscard]] const Bytes& pending() const { return pending_; }

  [[nodiscard]] std::vector<std::pair<std::string, std::string>> headers() const {
    std::vector<std::pair<std::string, std::string>> result;
    for (const auto& field : parser_.get()) {
      std::string name(field.name_string());
      for (char& letter : name)
        letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
      result.emplace_back(std::move(name), std::string(field.value()));
    }
    return result;
  }

 private:
  Parser parser_;
  Bytes pending_;
  std::array<std::uint8_t, 16384> piece_{};
};

}  // namespace vedette::platform::net
