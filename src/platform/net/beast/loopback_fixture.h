// For the tests of this folder: a small certificate authority, handlers, raw sockets.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/fd.h"
#include "platform/net/beast/beast_http.h"

namespace vedette::platform {

using namespace std::chrono_literals;

// The value, or a failed test that says why there is none.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(describe(result.error()));
  return *std::move(result);
}

struct Identity {
  std::vector<crypto::Certificate> chain;
  crypto::PrivateKey key;
};

struct Validity {
  std::chrono::seconds from{-3600};
  std::chrono::seconds to{3600};
};

class Authority {
 public:
  explicit Authority(const std::string& name);

  [[nodiscard]] const crypto::Certificate& root() const { return root_; }
  // For 127.0.0.1 and the names given.
  [[nodiscard]] Identity server(std::vector<std::string> dns_names = {"localhost"},
                                std::vector<std::string> addresses = {"127.0.0.1"},
                                Validity validity = {}) const;
  [[nodiscard]] Identity client(Validity validity = {}) const;
  [[nodiscard]] Identity client_with(crypto::PrivateKey key) const;
  // By way of an issuing CA, which is in the chain.
  [[nodiscard]] Identity client_of_issuing_ca() const;
  [[nodiscard]] Identity issuing_ca() const;
  // The same certificate, signed anew, but saying nothing about its use.
  [[nodiscard]] Identity without_usage(const Identity& identity) const;

 private:
  crypto::PrivateKey key_;
  crypto::Certificate root_;
};

class Handler final : public HttpHandler {
 public:
  using Function = std::function<HttpResponse(const Connection&, const HttpRequest&)>;
  explicit Handler(Function function) : function_(std::move(function)) {}

  HttpResponse handle(const Connection& connection, const HttpRequest& request) override {
    return function_(connection, request);
  }

 private:
  Function function_;
};

[[nodiscard]] HttpResponse text_response(std::string_view text, int status = 200);
// Answers with the body of the request.
[[nodiscard]] HttpResponse echo(const Connection& connection, const HttpRequest& request);
// Answers with the id of the connection.
[[nodiscard]] HttpResponse tell_id(const Connection& connection, const HttpRequest& request);

[[nodiscard]] HttpRequest get(std::string target);
[[nodiscard]] HttpRequest post(std::string target, std::string_view body);

[[nodiscard]] HttpServerSettings plain_server();
[[nodiscard]] HttpServerSettings tls_server(const Identity& identity,
                                            const crypto::Certificate& client_root);
[[nodiscard]] HttpServerSettings unix_server(const std::string& path);
[[nodiscard]] HttpClientSettings plain_client(std::uint16_t port);
[[nodiscard]] HttpClientSettings unix_client(const std::string& path);
[[nodiscard]] HttpClientSettings tls_client(std::uint16_t port, const crypto::Certificate& root);
[[nodiscard]] HttpClientSettings tls_client(std::uint16_t port, const crypto::Certificate& root,
                                            const Identity& identity);

// Factory, server and clients of one test.
[[nodiscard]] std::unique_ptr<HttpServer> serve(const HttpServerSettings& settings,
                                                HttpHandler& handler);
[[nodiscard]] std::unique_ptr<HttpClient> connect(const HttpClientSettings& settings);

// Waits, for at most ten seconds, until `condition` holds.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

[[nodiscard]] UniqueFd dial(std::uint16_t port);
[[nodiscard]] UniqueFd dial_unix(const std::string& path);
// Stops quietly when the peer closes.
void write_all(int fd, std::string_view text);
// What arrives until the peer closes, or ten seconds have gone without a word, which fails the
// test.
[[nodiscard]] std::string read_to_end(int fd);
// What arrives until `end` has been seen, or the peer closed.
std::string read_until(int fd, std::string_view end);

[[nodiscard]] bool peer_has_closed(int fd);

// A plain server that misbehaves as told: `script` gets each connection in turn with its number.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::function<void(int fd, int number)> script);
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer();

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace vedette::platform
