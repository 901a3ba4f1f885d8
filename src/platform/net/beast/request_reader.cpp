#include "platform/net/beast/request_reader.h"

#include <optional>

#include "platform/net/beast/message_parse.h"

namespace vedette::platform::net {

namespace {

constexpr Rejection kSyntax{400, "HTTP-SYNTAX", "the request is not valid HTTP/1.1"};
constexpr Rejection kHost{400, "HTTP-SYNTAX", "the request does not name exactly one host"};
constexpr Rejection kForm{400, "HTTP-SYNTAX", "the request target must start with a slash"};
constexpr Rejection kTargetSize{414, "HTTP-TARGET-SIZE", "the request target is too long"};
constexpr Rejection kHeaderSize{431, "HTTP-HEADER-SIZE", "the request headers are too long"};
constexpr Rejection kBodySize{413, "HTTP-BODY-SIZE", "the request body is too long"};

std::optional<Rejection> check_head(const MessageParse<true>& parse, std::size_t max_body_bytes) {
  const auto& head = parse.parser().get();
  if (head.target().size() > kMaxTargetBytes) return kTargetSize;
  if (!head.target().starts_with('/')) return kForm;
  // RFC 9112, 3.2: a request of HTTP/1.1 without a host, or with two, is answered with 400.
  const auto hosts = head.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && head.version() == 11)) return kHost;
  const auto length = parse.parser().content_length();
  if (length && *length > max_body_bytes) return kBodySize;
  return std::nullopt;
}

}  // namespace

struct RequestReader::Parse {
  MessageParse<true> message{kMaxHeaderBytes};
  Bytes body;
  bool head_checked = false;
};

RequestReader::RequestReader(std::size_t max_body_bytes)
    : max_body_bytes_(max_body_bytes), parse_(std::make_unique<Parse>()) {}

RequestReader::~RequestReader() = default;

std::expected<RequestReader::State, Rejection> RequestReader::feed(ByteView octets) {
  auto& message = parse_->message;
  message.add(octets);
  while (!message.parser().is_done() || !parse_->head_checked) {
    const auto error = message.step(parse_->body);
    if (error == http::error::need_more) return State::need_more;
    if (error == http::error::header_limit) return std::unexpected(kHeaderSize);
    if (error) return std::unexpected(kSyntax);
    if (parse_->body.size() > max_body_bytes_) return std::unexpected(kBodySize);
    if (parse_->head_checked || !message.parser().is_header_done()) continue;
    parse_->head_checked = true;
    if (const auto rejection = check_head(message, max_body_bytes_))
      return std::unexpected(*rejection);
    const auto expectation = message.parser().get()[http::field::expect];
    if (boost::beast::iequals(expectation, "100-continue") && !message.parser().is_done() &&
        message.pending().empty())
      return State::want_continue;
  }
  return State::complete;
}

bool RequestReader::has_begun() const {
  return parse_->message.parser().got_some() || !parse_->message.pending().empty();
}

bool RequestReader::keeps_alive() const {
  return parse_->message.parser().keep_alive();
}

HttpRequest RequestReader::take() {
  const auto& head = parse_->message.parser().get();
  HttpRequest request;
  request.method = std::string(head.method_string());
  request.target = std::string(head.target());
  request.headers = parse_->message.headers();
  request.body = std::move(parse_->body);

  auto next = std::make_unique<Parse>();
  next->message.add(parse_->message.pending());
  parse_ = std::move(next);
  return request;
}

}  // namespace vedette::platform::net
