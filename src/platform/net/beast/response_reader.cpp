#include "platform/net/beast/response_reader.h"

#include "platform/net/beast/message_parse.h"

namespace vedette::platform::net {

namespace {

constexpr std::size_t kMaxResponseHeaderBytes = 16 << 10;

std::unexpected<Error> syntax(std::string cause) {
  return refuse("NET-SYNTAX", "the server's answer is not valid HTTP/1.1", std::move(cause));
}

}  // namespace

struct ResponseReader::Parse {
  MessageParse<false> message{kMaxResponseHeaderBytes};
};

ResponseReader::ResponseReader() : parse_(std::make_unique<Parse>()) {}

ResponseReader::~ResponseReader() = default;

Result<bool> ResponseReader::feed(ByteView octets, Bytes& body) {
  auto& message = parse_->message;
  const auto& parser = message.parser();
  message.add(octets);
  while (!parser.is_done()) {
    const auto error = message.step(body);
    if (error == http::error::need_more) return false;
    if (error) return syntax(error.message());
    if (parser.get().result_int() < 200) return syntax("an interim answer was not asked for");
    if (parser.need_eof()) return syntax("the length of the body is not announced");
  }
  if (!message.pending().empty()) return syntax("octets follow the answer");
  return true;
}

bool ResponseReader::has_begun() const {
  return parse_->message.parser().got_some() || !parse_->message.pending().empty();
}

bool ResponseReader::is_head_complete() const {
  return parse_->message.parser().is_header_done();
}

bool ResponseReader::keeps_alive() const {
  return parse_->message.parser().keep_alive();
}

int ResponseReader::status() const {
  return static_cast<int>(parse_->message.parser().get().result_int());
}

std::uint64_t ResponseReader::content_length() const {
  return parse_->message.parser().content_length().value_or(0);
}

HttpResponse ResponseReader::head() const {
  HttpResponse response;
  response.status = status();
  response.content_type = std::string(parse_->message.parser().get()[http::field::content_type]);
  response.headers = parse_->message.headers();
  return response;
}

}  // namespace vedette::platform::net
