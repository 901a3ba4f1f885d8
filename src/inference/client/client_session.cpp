#include "inference/client/client_session.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace vedette::inference {

namespace {

using channel::HostEnd;
using std::chrono::microseconds;
using std::chrono::steady_clock;

// A waiting call looks at the lifeline this often.
constexpr microseconds kLook = std::chrono::milliseconds(10);
constexpr microseconds kLongestTimeout = std::chrono::hours(1);

microseconds bounded(microseconds timeout) {
  return std::clamp(timeout, microseconds(0), kLongestTimeout);
}

std::unexpected<Error> timed_out() {
  return refuse("CLIENT-TIMEOUT", "the agent did not answer in time");
}

std::unexpected<Error> refuse_connection(const std::string& path) {
  if (errno == EAGAIN) return timed_out();
  const std::string why = errno == 0 ? path + ": it hung up" : errno_text(path);
  return refuse("CLIENT-CONNECT", "no agent can be reached there", why,
                "is the agent running, its memory_socket set, and this user allowed to open it?");
}

// From here on, connecting, sending and receiving take at most `timeout` each.
Result<UniqueFd> make_socket(microseconds timeout) {
  UniqueFd socket{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
  if (!socket.valid()) return refuse("CLIENT-CONNECT", "there is no socket", errno_text("socket"));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  // Zero would mean: for ever.
  const timeval time{seconds.count(), std::max<suseconds_t>((timeout - seconds).count(), 1)};
  for (const int option : {SO_SNDTIMEO, SO_RCVTIMEO})
    if (::setsockopt(socket.get(), SOL_SOCKET, option, &time, sizeof time) != 0)
      return refuse("CLIENT-CONNECT", "the socket takes no timeout", errno_text("setsockopt"));
  return socket;
}

Result<UniqueFd> open_lifeline(const std::string& path, microseconds timeout) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return refuse("CLIENT-ARGUMENT", "the socket's path is empty or too long", path.substr(0, 120));
  std::memcpy(address.sun_path, path.data(), path.size());
  VEDETTE_TRY(UniqueFd socket, make_socket(timeout));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return refuse_connection(path);
  return socket;
}

Result<ModelMetadata> read_model(HostEnd& channel) {
  if (channel.wait_loaded(microseconds(0)) == HostEnd::Wait::answered) {
    VEDETTE_TRY(channel::LoadAnswer answer, channel.take_loaded());
    if (auto* const metadata = std::get_if<ModelMetadata>(&answer)) return std::move(*metadata);
  }
  return refuse("MEM-WELCOME", "the agent sent a channel without a model");
}

}  // namespace

// The right to one slot, from before posting to after taking. A turn whose caller gave up leaves a
// request that is not answered yet; the next turn on that slot waits for it.
class ClientSession::Turn {
 public:
  explicit Turn(ClientSession& session) : session_(session) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    {
      const std::scoped_lock lock(session_.mutex_);
      if (posting_) session_.posting_ = false;
      if (posted_) session_.busy_[slot()] = false;
    }
    session_.changed_.notify_all();
  }

  [[nodiscard]] Result<void> post(std::span<const TensorView> inputs, Instant until) {
    VEDETTE_CHECK(claim(until));
    VEDETTE_CHECK(session_.await(number_ - session_.channel_->shape().slots, until));
    VEDETTE_CHECK(session_.channel_->post(session_.metadata_, inputs));
    const std::scoped_lock lock(session_.mutex_);
    posted_ = true;
    session_.busy_[slot()] = true;
    session_.next_ = number_ + 1;
    posting_ = session_.posting_ = false;
    session_.changed_.notify_all();
    return {};
  }

  [[nodiscard]] std::uint32_t number() const { return number_; }

 private:
  [[nodiscard]] std::size_t slot() const { return number_ % session_.busy_.size(); }

  [[nodiscard]] Result<void> claim(Instant until) {
    std::unique_lock lock(session_.mutex_);
    const auto may_post = [this] {
      return session_.cause_ ||
             (!session_.posting_ && !session_.busy_[session_.next_ % session_.busy_.size()]);
    };
    if (!session_.changed_.wait_until(lock, until, may_post)) return timed_out();
    if (session_.cause_) return std::unexpected(*session_.cause_);
    posting_ = session_.posting_ = true;
    number_ = session_.next_;
    return {};
  }

  ClientSession& session_;
  std::uint32_t number_ = 0;
  bool posting_ = false;
  bool posted_ = false;
};

ClientSession::ClientSession(UniqueFd lifeline, std::unique_ptr<HostEnd> channel,
                             ModelMetadata metadata, std::uint64_t release)
    : lifeline_(std::move(lifeline)),
      channel_(std::move(channel)),
      metadata_(std::move(metadata)),
      release_(release),
      busy_(channel_->shape().slots) {}

Result<std::unique_ptr<ClientSession>> ClientSession::connect(const std::string& path,
                                                              const SessionWish& wish,
                                                              microseconds timeout) {
  VEDETTE_TRY(UniqueFd lifeline, open_lifeline(path, bounded(timeout)));
  const Hello hello = to_hello(wish);
  if (::send(lifeline.get(), &hello, sizeof hello, MSG_NOSIGNAL) !=
      static_cast<ssize_t>(sizeof hello))
    return refuse_connection(path);
  errno = 0;  // an agent that hangs up sets none
  auto message = receive_greeting(lifeline.get());
  if (!message) return refuse_connection(path);
  VEDETTE_TRY(const std::uint64_t release, parse_welcome(message->bytes));
  if (message->fds.size() != 1)
    return refuse("MEM-WELCOME", "the agent sent no channel along with its welcome");
  VEDETTE_TRY(auto channel, HostEnd::attach(std::move(message->fds.front())));
  if (channel->shape().request_bytes < wish.request_bytes ||
      channel->shape().reply_bytes < wish.reply_bytes)
    return refuse("MEM-WELCOME", "the agent's channel is smaller than was asked for");
  VEDETTE_TRY(ModelMetadata metadata, read_model(*channel));
  return std::unique_ptr<ClientSession>(
      new ClientSession(std::move(lifeline), std::move(channel), std::move(metadata), release));
}

Result<void> ClientSession::infer(std::span<const TensorView> inputs, channel::OutputSink& sink,
                                  microseconds timeout) {
  const Instant until = steady_clock::now() + bounded(timeout);
  Turn turn(*this);
  VEDETTE_CHECK(turn.post(inputs, until));
  VEDETTE_CHECK(await(turn.number(), until));
  std::optional<channel::Refusal> refusal;
  const auto taken = channel_->take(turn.number(), metadata_, sink, refusal);
  if (!taken) return condemn(taken.error());
  if (refusal) return refuse(refusal->code, std::move(refusal->message));
  return {};
}

Result<void> ClientSession::await(std::uint32_t number, Instant until) {
  bool gone = false;
  for (;;) {
    const auto left = std::chrono::ceil<microseconds>(until - steady_clock::now());
    const auto patience = gone ? microseconds(0) : std::clamp(left, microseconds(0), kLook);
    switch (channel_->wait(number, patience)) {
      case HostEnd::Wait::answered:
        return {};
      case HostEnd::Wait::not_yet:
        break;
      case HostEnd::Wait::nonsense:
        return condemn({"SBX-REPLY", "the agent answered what was not asked", "", ""});
    }
    if (gone) return condemn({"CLIENT-CLOSED", "the agent ended the session", "", "connect again"});
    if (left <= microseconds(0)) return timed_out();
    gone = is_agent_gone();  // then one more look: its last answer may have come just before
  }
}

// The agent sends nothing after its welcome: whatever happens on the lifeline is its end.
bool ClientSession::is_agent_gone() const {
  pollfd lifeline{lifeline_.get(), POLLIN | POLLRDHUP, 0};
  return ::poll(&lifeline, 1, 0) > 0;
}

std::unexpected<Error> ClientSession::condemn(Error reason) {
  {
    const std::scoped_lock lock(mutex_);
    if (!cause_) cause_ = std::move(reason);
    reason = *cause_;
  }
  changed_.notify_all();
  return std::unexpected(std::move(reason));
}

}  // namespace vedette::inference
