#include "agent/memory_fixture.h"

#include <cstring>
#include <thread>

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vedette::agent {

namespace {

using inference::DataType;
using inference::Tensor;

constexpr std::uint64_t kRelease = 7;
constexpr unsigned kNobody = 65'534;

// Bytes of the only output.
class BytesSink final : public inference::channel::OutputSink {
 public:
  std::span<std::uint8_t> place(std::uint32_t /*index*/,
                                const inference::IndexedTensor& tensor) override {
    bytes.resize(tensor.data.size());
    return bytes;
  }
  Bytes bytes;
};

std::vector<Tensor> echo(std::span<const Tensor> inputs) {
  std::vector<Tensor> outputs;
  for (const Tensor& input : inputs)
    outputs.push_back({.name = "y", .type = input.type, .shape = input.shape, .data = input.data});
  return outputs;
}

}  // namespace

inference::ModelMetadata echo_model() {
  return {.inputs = {{"x", DataType::uint8, {-1}}}, .outputs = {{"y", DataType::uint8, {-1}}}};
}

MemoryService echo_service() {
  return {
      .authorise = [](const Caller& /*caller*/, std::string_view /*model*/) -> Result<void> {
        return {};
      },
      .describe = [](const Caller& /*caller*/, std::string_view model,
                     std::uint64_t /*release*/) -> Result<MemoryService::Model> {
        if (model != "echo") return refuse("AGT-NO-MODEL", "no such model answers here");
        return MemoryService::Model{kRelease, echo_model()};
      },
      .infer = [](const Caller& /*caller*/, std::string_view /*model*/, std::uint64_t /*release*/,
                  std::span<const Tensor> inputs) -> Result<std::vector<Tensor>> {
        return echo(inputs);
      },
  };
}

inference::SessionWish wish_for(std::string_view model) {
  return {ModelName::parse(model).value(), 0, 0, 0};
}

void Gate::pass() {
  std::unique_lock lock(mutex_);
  called_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return open_; });
}

void Gate::await_call() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return called_; });
}

void Gate::open() {
  const std::scoped_lock lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

MemoryService gated_service(Gate& gate) {
  MemoryService service = echo_service();
  service.infer = [&gate](const Caller& /*caller*/, std::string_view /*model*/,
                          std::uint64_t /*release*/,
                          std::span<const Tensor> inputs) -> Result<std::vector<Tensor>> {
    gate.pass();
    return echo(inputs);
  };
  return service;
}

Result<std::unique_ptr<inference::ClientSession>> connect(const std::string& path,
                                                          const inference::SessionWish& wish) {
  return inference::ClientSession::connect(path, wish, std::chrono::seconds(20));
}

Result<Bytes> ask(inference::ClientSession& client, const Bytes& input,
                  std::chrono::microseconds timeout) {
  BytesSink sink;
  const inference::TensorView view{
      "x", DataType::uint8, {static_cast<std::int64_t>(input.size())}, input};
  VEDETTE_CHECK(client.infer(std::span(&view, 1), sink, timeout));
  return std::move(sink.bytes);
}

UniqueFd dial(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd socket{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return UniqueFd{};
  return socket;
}

Result<std::uint64_t> greet(int socket, ByteView hello) {
  if (::send(socket, hello.data(), hello.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(hello.size()))
    return refuse("TEST-GONE", "the agent is gone");
  const auto message = inference::receive_greeting(socket);
  if (!message) return refuse("TEST-GONE", "the agent is gone");
  return inference::parse_welcome(message->bytes);
}

RawClient raw_client(const std::string& path) {
  RawClient client;
  client.lifeline = dial(path);
  const inference::Hello hello = inference::to_hello(wish_for("echo"));
  EXPECT_GT(::send(client.lifeline.get(), &hello, sizeof hello, MSG_NOSIGNAL), 0);
  auto message = inference::receive_greeting(client.lifeline.get());
  if (message && message->fds.size() == 1) client.channel = std::move(message->fds.front());
  return client;
}

int as_another_user(const std::function<int()>& act) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::setgid(kNobody) == 0 && ::setuid(kNobody) == 0 ? act() : 255);
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 254;
  return WEXITSTATUS(status);
}

bool MemoryApiTest::comes_to(std::size_t sessions) const {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (api_->sessions() != sessions && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  return api_->sessions() == sessions;
}

}  // namespace vedette::agent
