#include "platform/net/beast/loopback_fixture.h"

#include <array>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "crypto/openssl_handles.h"

namespace vedette::platform {

namespace {

crypto::CertificateProfile profile(crypto::CertificateKind kind, std::string name,
                                   Validity validity = {}) {
  crypto::CertificateProfile result;
  result.kind = kind;
  result.common_name = std::move(name);
  const auto now = SystemClock().now();
  result.not_before = now + validity.from;
  result.not_after = now + validity.to;
  return result;
}

crypto::CertificateProfile client_profile(Validity validity = {}) {
  auto result = profile(crypto::CertificateKind::client, "camera-7", validity);
  result.uri_name = "spiffe://example.test/device/camera-7";
  return result;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool readable(int fd) {
  pollfd query{fd, POLLIN, 0};
  return ::poll(&query, 1, 10'000) == 1;
}

}  // namespace

Authority::Authority(const std::string& name)
    : key_(crypto::PrivateKey::generate_p256()),
      root_(must(
          crypto::issue_certificate(profile(crypto::CertificateKind::root_ca, name, {-48h, 48h}),
                                    key_.public_key(), std::nullopt, key_))) {}

Identity Authority::server(std::vector<std::string> dns_names, std::vector<std::string> addresses,
                           Validity validity) const {
  auto wanted = profile(crypto::CertificateKind::server, "server", validity);
  wanted.dns_names = std::move(dns_names);
  wanted.ip_addresses = std::move(addresses);
  auto key = crypto::PrivateKey::generate_p256();
  return {{must(crypto::issue_certificate(wanted, key.public_key(), root_, key_))}, key};
}

Identity Authority::client(Validity validity) const {
  auto key = crypto::PrivateKey::generate_p256();
  return {
      {must(crypto::issue_certificate(client_profile(validity), key.public_key(), root_, key_))},
      key};
}

Identity Authority::client_with(crypto::PrivateKey key) const {
  return {{must(crypto::issue_certificate(client_profile(), key.public_key(), root_, key_))}, key};
}

Identity Authority::issuing_ca() const {
  auto key = crypto::PrivateKey::generate_p256();
  return {{must(crypto::issue_certificate(
              profile(crypto::CertificateKind::issuing_ca, "issuing", {-24h, 24h}),
              key.public_key(), root_, key_))},
          key};
}

Identity Authority::client_of_issuing_ca() const {
  const auto issuing = issuing_ca();
  auto key = crypto::PrivateKey::generate_p256();
  auto leaf = must(crypto::issue_certificate(client_profile(), key.public_key(),
                                             issuing.chain.front(), issuing.key));
  return {{std::move(leaf), issuing.chain.front()}, key};
}

Identity Authority::without_usage(const Identity& identity) const {
  const crypto::CertificateHandle altered(X509_dup(crypto::native(identity.chain.front())));
  const int place = X509_get_ext_by_NID(altered.get(), NID_ext_key_usage, -1);
  X509_EXTENSION_free(X509_delete_ext(altered.get(), place));
  crypto::require(X509_sign(altered.get(), crypto::native(key_), EVP_sha256()) > 0, "X509_sign");
  return {{must(crypto::certificate_from_native(altered.get()))}, identity.key};
}

HttpResponse text_response(std::string_view text, int status) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/plain";
  response.body = to_bytes(text);
  return response;
}

HttpResponse echo(const Connection& /*connection*/, const HttpRequest& request) {
  return text_response(as_text(request.body));
}

HttpResponse tell_id(const Connection& connection, const HttpRequest& /*request*/) {
  return text_response(std::to_string(connection.id));
}

HttpRequest get(std::string target) {
  return {.method = "GET", .target = std::move(target), .headers = {}, .body = {}};
}

HttpRequest post(std::string target, std::string_view body) {
  return {.method = "POST", .target = std::move(target), .headers = {}, .body = to_bytes(body)};
}

HttpServerSettings plain_server() {
  return {};
}

HttpServerSettings tls_server(const Identity& identity, const crypto::Certificate& client_root) {
  HttpServerSettings settings;
  settings.tls = TlsServerSettings{.chain = identity.chain,
                                   .key = identity.key,
                                   .client_roots = {client_root},
                                   .require_client_certificate = true};
  return settings;
}

HttpServerSettings unix_server(const std::string& path) {
  HttpServerSettings settings;
  settings.unix_path = path;
  return settings;
}

HttpClientSettings unix_client(const std::string& path) {
  HttpClientSettings settings;
  settings.unix_path = path;
  return settings;
}

HttpClientSettings plain_client(std::uint16_t port) {
  HttpClientSettings settings;
  settings.host = "127.0.0.1";
  settings.port = port;
  settings.plain = true;
  return settings;
}

HttpClientSettings tls_client(std::uint16_t port, const crypto::Certificate& root) {
  HttpClientSettings settings;
  settings.host = "127.0.0.1";
  settings.port = port;
  settings.roots = {root};
  return settings;
}

HttpClientSettings tls_client(std::uint16_t port, const crypto::Certificate& root,
                              const Identity& identity) {
  auto settings = tls_client(port, root);
  settings.chain = identity.chain;
  settings.key = identity.key;
  return settings;
}

std::unique_ptr<HttpServer> serve(const HttpServerSettings& settings, HttpHandler& handler) {
  return must(make_beast_http()->serve(settings, handler));
}

std::unique_ptr<HttpClient> connect(const HttpClientSettings& settings) {
  return must(make_beast_http()->connect(settings));
}

bool eventually(const std::function<bool()>& condition) {
  const auto limit = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

UniqueFd dial(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = loopback(port);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error(errno_text("connect"));
  return fd;
}

UniqueFd dial_unix(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error(errno_text("connect"));
  return fd;
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto size = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (size <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

std::string read_to_end(int fd) {
  std::string result;
  std::array<char, 4096> buffer{};
  while (true) {
    if (!readable(fd)) {
      ADD_FAILURE() << "the peer did not close; it said: " << result;
      return result;
    }
    const auto size = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (size <= 0) return result;
    result.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

std::string read_until(int fd, std::string_view end) {
  std::string result;
  char octet = 0;
  while (result.find(end) == std::string::npos && readable(fd) && ::recv(fd, &octet, 1, 0) == 1)
    result += octet;
  return result;
}

bool peer_has_closed(int fd) {
  pollfd query{fd, POLLRDHUP, 0};
  return ::poll(&query, 1, 0) == 1;
}

ScriptedServer::ScriptedServer(std::function<void(int fd, int number)> script)
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  auto address = loopback(0);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), raw, size) != 0 || ::listen(listener_.get(), 8) != 0 ||
      ::getsockname(listener_.get(), raw, &size) != 0)
    throw std::runtime_error(errno_text("listen"));
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this, script = std::move(script)] {
    for (int number = 0;; ++number) {
      const UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!fd.valid()) return;
      script(fd.get(), number);
    }
  });
}

ScriptedServer::~ScriptedServer() {
  ::shutdown(listener_.get(), SHUT_RDWR);  // wakes the accept
  thread_.join();
}

}  // namespace vedette::platform
