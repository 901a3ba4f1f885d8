#include "inference/client/greeting.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "inference/line/packet.h"

namespace vedette::inference {

namespace {

std::unexpected<Error> refuse_hello(std::string cause) {
  return refuse("MEM-HELLO", "the hello is malformed", std::move(cause),
                "use the client library of the agent's version");
}

std::unexpected<Error> refuse_welcome(std::string cause) {
  return refuse("MEM-WELCOME", "what answers is not an agent", std::move(cause));
}

// Terminated by its first zero, after which there are only zeros: one spelling for each name.
Result<ModelName> parse_name(std::string_view field) {
  const std::string_view name = field.substr(0, field.find('\0'));
  if (field.find_first_not_of('\0', name.size()) != std::string_view::npos)
    return refuse_hello("bytes behind the model's name");
  const auto parsed = ModelName::parse(name);
  if (!parsed) return refuse_hello("the model's name is none");
  return *parsed;
}

bool is_printable(char c) {
  return c >= ' ' && c <= '~';
}

}  // namespace

Hello to_hello(const SessionWish& wish) {
  Hello hello{};
  hello.magic = kGreetingMagic;
  hello.version = kGreetingVersion;
  hello.release = wish.release;
  hello.request_bytes = wish.request_bytes;
  hello.reply_bytes = wish.reply_bytes;
  std::ranges::copy(wish.model.str(), hello.model);
  return hello;
}

Result<SessionWish> parse_hello(ByteView bytes) {
  Hello hello{};
  if (bytes.size() != sizeof hello) return refuse_hello(std::to_string(bytes.size()) + " bytes");
  std::memcpy(&hello, bytes.data(), sizeof hello);
  if (hello.magic != kGreetingMagic) return refuse_hello("another magic number");
  if (hello.version != kGreetingVersion)
    return refuse("MEM-VERSION", "the agent speaks another version of the client's protocol",
                  std::to_string(hello.version) + " for " + std::to_string(kGreetingVersion),
                  "use the client library of the agent's version");
  if (hello.request_bytes > channel::kMaxPayload || hello.reply_bytes > channel::kMaxPayload)
    return refuse_hello("sizes out of range");
  VEDETTE_TRY(ModelName name, parse_name({hello.model, sizeof hello.model}));
  return SessionWish{std::move(name), hello.release, hello.request_bytes, hello.reply_bytes};
}

Welcome to_welcome(std::uint64_t release) {
  Welcome welcome{};
  welcome.magic = kGreetingMagic;
  welcome.version = kGreetingVersion;
  welcome.release = release;
  return welcome;
}

Welcome to_welcome(const Error& refusal) {
  Welcome welcome = to_welcome(0);
  std::string text = refusal.message;
  if (!refusal.cause.empty()) text += " (" + refusal.cause + ")";
  if (!refusal.hint.empty()) text += "; " + refusal.hint;
  welcome.code_size = static_cast<std::uint32_t>(std::min(refusal.code.size(), channel::kMaxCode));
  welcome.text_size = static_cast<std::uint32_t>(std::min(text.size(), channel::kMaxText));
  std::copy_n(refusal.code.begin(), welcome.code_size, welcome.code);
  std::copy_n(text.begin(), welcome.text_size, welcome.text);
  return welcome;
}

Result<std::uint64_t> parse_welcome(ByteView bytes) {
  Welcome welcome{};
  if (bytes.size() != sizeof welcome)
    return refuse_welcome(std::to_string(bytes.size()) + " bytes");
  std::memcpy(&welcome, bytes.data(), sizeof welcome);
  if (welcome.magic != kGreetingMagic) return refuse_welcome("another magic number");
  if (welcome.version != kGreetingVersion) return refuse_welcome("another version");
  if (welcome.code_size > channel::kMaxCode || welcome.text_size > channel::kMaxText)
    return refuse_welcome("a text that is too long");
  if (welcome.release != 0 && welcome.code_size == 0) return welcome.release;
  std::string text(welcome.text, welcome.text_size);
  std::ranges::replace_if(text, [](char c) { return !is_printable(c); }, '?');
  const std::string code(welcome.code, welcome.code_size);
  if (code.empty() || welcome.release != 0 || !std::ranges::all_of(code, is_printable))
    return refuse_welcome("a refusal without a code");
  return refuse(code, std::move(text));
}

std::optional<GreetingMessage> receive_greeting(int socket) {
  GreetingMessage message;
  message.bytes.resize(std::max(sizeof(Hello), sizeof(Welcome)) + 1);
  const std::span buffer(reinterpret_cast<char*>(message.bytes.data()), message.bytes.size());
  const ssize_t size = receive_packet(socket, buffer, message.fds, 0);
  if (size <= 0) return std::nullopt;
  message.bytes.resize(static_cast<std::size_t>(size));
  return message;
}

}  // namespace vedette::inference
