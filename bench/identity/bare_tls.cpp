#include "bare_tls.h"

#include <array>
#include <charconv>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

namespace vedette::bench {

namespace {

constexpr timeval kPatience{.tv_sec = 20, .tv_usec = 0};

void require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(what);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = ::htons(port);
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  return address;
}

UniqueFd connect_to(std::uint16_t port) {
  UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const sockaddr_in address = loopback(port);
  const int on = 1;
  const linger hard{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    socket.reset();
  return socket;
}

// The number behind a header's name in a head of our own server; nothing without one.
std::optional<unsigned> number_of(std::string_view head, std::string_view name) {
  for (std::size_t at = 0; (at = head.find("\r\n", at)) != std::string_view::npos; at += 2) {
    std::string_view line = head.substr(at + 2);
    if (line.size() < name.size() || ::strncasecmp(line.data(), name.data(), name.size()) != 0)
      continue;
    line.remove_prefix(name.size());
    while (line.starts_with(' '))
      line.remove_prefix(1);
    unsigned value = 0;
    if (std::from_chars(line.data(), line.data() + line.size(), value).ec == std::errc{})
      return value;
  }
  return std::nullopt;
}

}  // namespace

BareContext bare_context(const crypto::Certificate& root) {
  BareContext context(SSL_CTX_new(TLS_client_method()));
  require(context != nullptr && SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) == 1 &&
              SSL_CTX_set1_groups_list(context.get(), "X25519") == 1 &&
              SSL_CTX_set1_sigalgs_list(context.get(), "ecdsa_secp256r1_sha256") == 1,
          "a TLS client");
  const BareCertificate anchor = bare_certificate(root.der());
  require(X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), anchor.get()) == 1,
          "a trust anchor");
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

BareKey bare_key(const crypto::PrivateKey& key) {
  const std::string pem = key.insecure_unencrypted_pem().value();
  BIO* const text = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  BareKey made(PEM_read_bio_PrivateKey(text, nullptr, nullptr, nullptr));
  BIO_free(text);
  require(made != nullptr, "a private key");
  return made;
}

BareCertificate bare_certificate(ByteView der) {
  const unsigned char* in = der.data();
  BareCertificate made(d2i_X509(nullptr, &in, static_cast<long>(der.size())));
  require(made != nullptr, "a certificate");
  return made;
}

std::optional<BareTls> BareTls::open(SSL_CTX* context, std::uint16_t port,
                                     const BareIdentity& who) {
  UniqueFd socket = connect_to(port);
  if (!socket.valid()) return std::nullopt;
  Tls tls(SSL_new(context));
  require(tls != nullptr && SSL_use_certificate(tls.get(), who.leaf) == 1 &&
              SSL_use_PrivateKey(tls.get(), who.key) == 1 &&
              SSL_add1_chain_cert(tls.get(), who.issuing) == 1 &&
              X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls.get()), "127.0.0.1") == 1 &&
              SSL_set_fd(tls.get(), socket.get()) == 1,
          "a TLS connection");
  if (SSL_connect(tls.get()) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  return BareTls(std::move(socket), std::move(tls));
}

bool BareTls::send(std::string_view text) {
  const bool sent = SSL_write(tls_.get(), text.data(), static_cast<int>(text.size())) ==
                    static_cast<int>(text.size());
  if (!sent) ERR_clear_error();
  return sent;
}

bool BareTls::read_more() {
  std::array<char, 4096> piece{};
  const int size = SSL_read(tls_.get(), piece.data(), piece.size());
  if (size <= 0) {
    ERR_clear_error();
    return false;
  }
  inbox_.append(piece.data(), static_cast<std::size_t>(size));
  return true;
}

std::optional<BareAnswer> BareTls::receive() {
  std::size_t end = 0;
  while ((end = inbox_.find("\r\n\r\n")) == std::string::npos)
    if (!read_more()) return std::nullopt;
  const std::string head = inbox_.substr(0, end + 2);
  inbox_.erase(0, end + 4);
  BareAnswer answer;
  if (head.size() < 12 || !head.starts_with("HTTP/1.1 ")) return std::nullopt;
  std::from_chars(head.data() + 9, head.data() + 12, answer.status);
  answer.retry_after = number_of(head, "retry-after:").value_or(0);
  const std::size_t size = number_of(head, "content-length:").value_or(0);
  while (inbox_.size() < size)
    if (!read_more()) return std::nullopt;
  answer.body = inbox_.substr(0, size);
  inbox_.erase(0, size);
  return answer;
}

std::optional<BareAnswer> BareTls::ask(std::string_view request) {
  if (!send(request)) return std::nullopt;
  return receive();
}

std::uint16_t free_port() {
  const UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  require(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) == 0 &&
              ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0,
          "a free port");
  return ::ntohs(address.sin_port);
}

}  // namespace vedette::bench
