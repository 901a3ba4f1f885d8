#include "platform/net/beast/server.h"

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include "platform/net/beast/connection_table.h"
#include "platform/net/beast/lanes.h"
#include "platform/net/beast/session.h"
#include "platform/net/beast/tls_context.h"
#include "platform/net/beast/unix_listener.h"

namespace vedette::platform::net {

namespace {

constexpr std::chrono::milliseconds kAcceptPause{100};

// Threads for the wire, beside those that handlers may block: handshakes take a millisecond of
// processor each.
unsigned wire_threads() {
  return std::clamp(std::thread::hardware_concurrency(), 2U, 8U);
}

unsigned handlers_of(const HttpServerSettings& settings) {
  return std::max(settings.handler_threads, 1U);
}

void log_exception(std::exception_ptr fault, const std::string& where) {
  if (fault == nullptr) return;
  try {
    std::rethrow_exception(std::move(fault));
  } catch (const std::exception& exception) {
    log_fault(where + ": " + exception.what());
  } catch (...) {
    log_fault(where + ": something unknown");
  }
}

class BeastServer final : public HttpServer {
 public:
  BeastServer(const HttpServerSettings& settings, HttpHandler& handler,
              std::unique_ptr<ssl::context> tls)
      : tls_(std::move(tls)),
        lanes_(wire_threads() + handlers_of(settings), settings.thread_per_connection),
        slots_(handlers_of(settings)),
        environment_{settings, handler, slots_},
        table_(settings.max_connections),
        acceptor_(asio::make_strand(lanes_.shared())) {}

  BeastServer(const BeastServer&) = delete;
  BeastServer& operator=(const BeastServer&) = delete;
  ~BeastServer() override { stop(); }

  Result<void> listen(const tcp::endpoint& endpoint) {
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) port_ = tcp_endpoint(acceptor_.local_endpoint(error)).value_or(endpoint).port();
    if (error)
      return refuse("NET-LISTEN", "cannot listen on the configured address",
                    endpoint.address().to_string() + " port " + std::to_string(endpoint.port()) +
                        ": " + error.message(),
                    "is another program using the port?");
    return {};
  }

  Result<void> listen(UnixListener listener) {
    error_code error;
    acceptor_.assign(stream(AF_UNIX, 0), listener.socket.get(), error);
    if (error) return refuse("NET-LISTEN", "cannot listen on the configured path", error.message());
    static_cast<void>(listener.socket.release());  // the acceptor's now
    socket_file_ = std::move(listener.file);
    return {};
  }

  void start() {
    asio::co_spawn(acceptor_.get_executor(), accept_all(), [](std::exception_ptr fault) {
      log_exception(std::move(fault), "accepting connections ended");
    });
    lanes_.start();
  }

  [[nodiscard]] std::uint16_t port() const override { return port_; }

  Result<void> renew(const TlsServerSettings& settings) override {
    if (present_tls() == nullptr) return HttpServer::renew(settings);
    VEDETTE_TRY(std::shared_ptr<ssl::context> made, make_server_context(settings));
    const std::scoped_lock lock(tls_mutex_);
    tls_ = std::move(made);
    return {};
  }

  std::size_t close_connections(const std::function<bool(const Connection&)>& condemned) override {
    return table_.condemn(condemned);
  }

 private:
  asio::awaitable<void> accept_all() {
    while (acceptor_.is_open()) {
      const bool accepted = co_await accept_one();
      if (accepted) continue;
      asio::steady_timer pause(acceptor_.get_executor(), kAcceptPause);
      co_await pause.async_wait(kAsTuple);
    }
  }

  // False when descriptors or threads have run out: some connections have to end first.
  asio::awaitable<bool> accept_one() {
    const auto opened = lanes_.open();
    if (!opened) {
      log_fault(describe(opened.error()));
      co_return false;
    }
    auto [error, socket] = co_await acceptor_.async_accept(opened->lane.ordered, kAsTuple);
    if (!error) serve(opened->lane, std::move(socket));
    co_return !error || error == asio::error::operation_aborted;
  }

  void serve(const Lane& lane, stream::socket socket) {
    error_code ignored;  // a Unix socket knows no delay
    socket.set_option(tcp::no_delay(true), ignored);
    const auto tls = present_tls();
    auto session =
        std::make_shared<Session>(++last_id_, lane, std::move(socket), environment_, tls.get());
    if (!table_.admit(session)) return;
    asio::co_spawn(lane.ordered, session->run(), [this, session](std::exception_ptr fault) {
      log_exception(std::move(fault), "a connection ended");
      table_.forget(session->id());
    });
  }

  std::shared_ptr<ssl::context> present_tls() {
    const std::scoped_lock lock(tls_mutex_);
    return tls_;
  }

  // Every coroutine ends by itself once its socket is gone; run() returns when the last one has,
  // which includes those that wait for a handler or for their turn.
  void stop() {
    socket_file_ = {};  // while the socket is open no other file can have its inode
    table_.close();
    asio::post(acceptor_.get_executor(), [this] {
      error_code ignored;
      acceptor_.close(ignored);
    });
    lanes_.join();
  }

  std::mutex tls_mutex_;  // guards what follows
  // Of connections to come; each keeps what it needs of its own. None: plain HTTP.
  std::shared_ptr<ssl::context> tls_;
  Lanes lanes_;
  HandlerSlots slots_;
  const SessionEnvironment environment_;
  ConnectionTable table_;
  asio::basic_socket_acceptor<stream> acceptor_;
  SocketFile socket_file_;  // of a Unix socket; removed when the server stops
  std::uint16_t port_ = 0;
  std::uint64_t last_id_ = 0;  // touched by accept_all() alone
};

Result<std::unique_ptr<HttpServer>> start_on_tcp(const HttpServerSettings& settings,
                                                 HttpHandler& handler) {
  error_code error;
  const auto address = asio::ip::make_address(settings.address, error);
  if (error)
    return refuse("NET-LISTEN", "the address to listen on is not an IP address", settings.address);
  std::unique_ptr<ssl::context> tls;
  if (settings.tls.has_value()) {
    VEDETTE_TRY(tls, make_server_context(*settings.tls));
  } else if (!address.is_loopback()) {
    return refuse("NET-LISTEN", "plain HTTP is served on loopback only", settings.address,
                  "configure TLS, or listen on 127.0.0.1");
  }
  auto server = std::make_unique<BeastServer>(settings, handler, std::move(tls));
  VEDETTE_CHECK(server->listen(tcp::endpoint(address, settings.port)));
  server->start();
  return server;
}

Result<std::unique_ptr<HttpServer>> start_on_unix(const HttpServerSettings& settings,
                                                  HttpHandler& handler) {
  if (settings.tls.has_value())
    return refuse("NET-LISTEN", "TLS is not spoken on a Unix socket", settings.unix_path,
                  "leave out either the path or the certificates");
  VEDETTE_TRY(UnixListener listener, listen_on_unix(settings.unix_path, settings.unix_mode));
  auto server = std::make_unique<BeastServer>(settings, handler, nullptr);
  VEDETTE_CHECK(server->listen(std::move(listener)));
  server->start();
  return server;
}

}  // namespace

Result<std::unique_ptr<HttpServer>> start_server(const HttpServerSettings& settings,
                                                 HttpHandler& handler) {
  return settings.unix_path.empty() ? start_on_tcp(settings, handler)
                                    : start_on_unix(settings, handler);
}

}  // namespace vedette::platform::net
