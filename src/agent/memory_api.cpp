#include "agent/memory_api.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "inference/line/packet.h"

namespace vedette::agent {

namespace {

using inference::Welcome;
using inference::channel::ChannelShape;
using inference::channel::HostEnd;
using inference::channel::WorkerEnd;
using std::chrono::steady_clock;

// How long nobody is accepted when descriptors or memory ran short: the caller stays in the queue.
constexpr int kShortage = 100;  // milliseconds

bool send_welcome(int socket, const Welcome& welcome, std::span<const int> fds) {
  return inference::send_packet(socket, {reinterpret_cast<const char*>(&welcome), sizeof welcome},
                                fds);
}

std::uint64_t size_for(std::uint64_t wish, std::uint64_t limit) {
  return wish == 0 ? limit : wish;
}

Result<ChannelShape> shape_for(const inference::SessionWish& wish, const MemoryLimits& limits) {
  if (wish.request_bytes > limits.request_bytes || wish.reply_bytes > limits.reply_bytes)
    return refuse(
        "MEM-SIZE", "the agent does not give that much memory to a session",
        std::to_string(wish.request_bytes) + " and " + std::to_string(wish.reply_bytes) + " bytes",
        "at most " + std::to_string(limits.request_bytes) + " and " +
            std::to_string(limits.reply_bytes));
  return ChannelShape{size_for(wish.request_bytes, limits.request_bytes),
                      size_for(wish.reply_bytes, limits.reply_bytes), limits.slots,
                      limits.spin_microseconds};
}

}  // namespace

MemoryApi::MemoryApi(MemorySocket socket, UniqueFd bell, MemoryLimits limits, MemoryService service)
    : socket_(std::move(socket)),
      bell_(std::move(bell)),
      limits_(limits),
      service_(std::move(service)),
      thread_([this] { run(); }) {}

Result<std::unique_ptr<MemoryApi>> MemoryApi::start(const std::string& path, MemoryLimits limits,
                                                    MemoryService service) {
  UniqueFd bell{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!bell.valid())
    return refuse("MEM-SOCKET", "the memory API cannot be started", errno_text("eventfd"));
  VEDETTE_TRY(MemorySocket socket, MemorySocket::listen(path));
  return std::unique_ptr<MemoryApi>(
      new MemoryApi(std::move(socket), std::move(bell), limits, std::move(service)));
}

MemoryApi::~MemoryApi() {
  stopping_.store(true);
  ring();
  thread_.join();
  for (MemorySession& session : sessions_)  // all at once, then wait for each
    session.end();
  sessions_.clear();
}

void MemoryApi::ring() {
  ::eventfd_write(bell_.get(), 1);
}

// One thread for everything but the calls. Entry 0 is the bell, 1 the listener, then greetings and
// sessions in their order.
void MemoryApi::run() {
  while (!stopping_.load()) {
    std::vector<pollfd> watched{{bell_.get(), POLLIN, 0},
                                {accepting_ ? socket_.fd() : -1, POLLIN, 0}};
    for (const Greeting& greeting : greetings_)
      watched.push_back({greeting.socket.get(), POLLIN, 0});
    for (const MemorySession& session : sessions_)
      watched.push_back({session.is_ending() ? -1 : session.lifeline(), POLLIN | POLLRDHUP, 0});
    if (::poll(watched.data(), watched.size(), patience()) < 0) continue;
    eventfd_t rings = 0;
    ::eventfd_read(bell_.get(), &rings);
    std::vector<short> events;
    for (const pollfd& entry : watched)
      events.push_back(entry.revents);
    const auto first_session = events.begin() + 2 + static_cast<std::ptrdiff_t>(greetings_.size());
    end_sessions({first_session, events.end()});
    bury_sessions();
    read_greetings({events.begin() + 2, first_session});
    if (events[1] != 0)
      accept_one();
    else
      accepting_ = true;
  }
}

// Milliseconds until something is due by itself; -1: nothing is.
int MemoryApi::patience() const {
  if (greetings_.empty()) return accepting_ ? -1 : kShortage;
  const Instant first = std::ranges::min_element(greetings_, {}, &Greeting::until)->until;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - steady_clock::now());
  const int most = accepting_ ? static_cast<int>(limits_.greeting_deadline.count()) : kShortage;
  return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, most));
}

void MemoryApi::accept_one() {
  UniqueFd socket{::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (!socket.valid()) {
    accepting_ = errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS;
    return;
  }
  if (greetings_.size() < limits_.greetings) {
    greetings_.push_back({std::move(socket), steady_clock::now() + limits_.greeting_deadline});
    return;
  }
  const Error busy{"MEM-BUSY", "too many applications are connecting", "", "try again"};
  static_cast<void>(send_welcome(socket.get(), inference::to_welcome(busy), {}));
}

void MemoryApi::read_greetings(const std::vector<short>& events) {
  std::vector<Greeting> waiting;
  const auto now = steady_clock::now();
  for (std::size_t i = 0; i < greetings_.size(); ++i) {
    if (events[i] != 0)
      welcome(std::move(greetings_[i].socket));
    else if (now < greetings_[i].until)
      waiting.push_back(std::move(greetings_[i]));
  }
  greetings_ = std::move(waiting);
}

void MemoryApi::welcome(UniqueFd socket) {
  if (const auto opened = open_session(socket); !opened)
    static_cast<void>(send_welcome(socket.get(), inference::to_welcome(opened.error()), {}));
}

Result<void> MemoryApi::open_session(UniqueFd& socket) {
  const auto message = inference::receive_greeting(socket.get());
  if (!message) return refuse("MEM-HELLO", "there was no hello");
  VEDETTE_TRY(const inference::SessionWish wish, inference::parse_hello(message->bytes));
  const std::string& model = wish.model.str();
  VEDETTE_TRY(const Caller caller, caller_of(socket.get()));
  VEDETTE_CHECK(service_.authorise(caller, model));
  if (sessions_.size() >= limits_.sessions)
    return refuse("MEM-BUSY", "as many applications are connected as the agent allows",
                  std::to_string(limits_.sessions), "close one, or try again");
  VEDETTE_TRY(const ChannelShape shape, shape_for(wish, limits_));
  VEDETTE_TRY(MemoryService::Model about, service_.describe(caller, model, wish.release));
  VEDETTE_TRY(const auto host, HostEnd::create(shape));
  VEDETTE_TRY(WorkerEnd channel, WorkerEnd::attach(host->fd()));
  channel.loaded(about.metadata);
  const int fd = host->fd();
  // An application that does not take its welcome is gone, or about to be noticed to be.
  if (!send_welcome(socket.get(), inference::to_welcome(about.release), std::span(&fd, 1)))
    return refuse("MEM-HELLO", "the application hung up");
  sessions_.emplace_back(MemorySession::Parts{.caller = caller,
                                              .model = model,
                                              .release = wish.release,
                                              .metadata = std::move(about.metadata),
                                              .request_bytes = shape.request_bytes,
                                              .lifeline = std::move(socket),
                                              .channel = std::move(channel)},
                         service_, [this] { ring(); });
  count_.store(sessions_.size());
  return {};
}

// An application sends nothing after its hello: whatever happens on a lifeline is the end.
void MemoryApi::end_sessions(const std::vector<short>& events) {
  auto event = events.begin();
  for (MemorySession& session : sessions_)
    if (*event++ != 0) session.end();
}

void MemoryApi::bury_sessions() {
  sessions_.remove_if([](const MemorySession& session) { return session.is_over(); });
  count_.store(sessions_.size());
}

}  // namespace vedette::agent
