// HTTP over mutually authenticated TLS 1.3, as applications see it. The adapter is in net/beast/.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "crypto/certificate.h"
#include "crypto/key.h"

namespace vedette::platform {

// Who is at the other end of a connection on this machine, as the kernel says.
struct PeerCredentials {
  std::uint32_t uid = 0;
  // The groups it acts in, its effective one first. Empty over TCP, where the kernel tells none.
  std::vector<std::uint32_t> groups;
  std::optional<std::int32_t> pid;  // Unix sockets only; it may have ended, and be another's by now
};

// The connection that a request came in on.
struct Connection {
  std::uint64_t id = 0;                     // unique while the server runs
  std::string peer_address;                 // textual, for logs
  std::optional<crypto::Certificate> peer;  // verified chain to the configured roots
  // With `peer`: SHA-256 of the SubjectPublicKeyInfo whose key was found to have signed it.
  std::optional<crypto::Sha256Digest> peer_issuer_key;
  // RFC 9266 `EXPORTER-Channel-Binding`, 32 octets; empty on a plain connection.
  Bytes channel_binding;
  // Of a plain connection: who opened it. None when the kernel did not tell, or tells no longer
  // because the peer has closed its end: who needs to know must refuse then.
  std::optional<PeerCredentials> credentials;
};

struct HttpRequest {
  std::string method;
  std::string target;  // path and query as sent, at most 2 KiB; starts with '/'
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  Bytes body;

  [[nodiscard]] std::string header(std::string_view lower_case_name) const;  // empty when absent
  [[nodiscard]] std::string path() const;                                    // target before '?'
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  Bytes body;
  std::vector<std::pair<std::string, std::string>> headers;
  // When set, the body is streamed from here instead: called until it writes 0 octets.
  // `body_size` is then the Content-Length. A refusal, or an end before `body_size`, drops the
  // connection.
  std::function<Result<std::size_t>(std::span<std::uint8_t>)> stream;
  std::uint64_t body_size = 0;
};

// Whether a request may wait for a worker thread.
struct Entry {
  std::optional<HttpResponse> turned_away;  // sent at once, in place of the handler's
  std::shared_ptr<const void> place;        // kept until the handler has answered
};

// Answers requests. Called on worker threads, several at once; may block. What it throws is logged
// and answered with status 500 and code INTERNAL.
class HttpHandler {
 public:
  HttpHandler() = default;
  HttpHandler(const HttpHandler&) = delete;
  HttpHandler& operator=(const HttpHandler&) = delete;
  virtual ~HttpHandler() = default;

  // Asked on the threads that read for every connection, so it must not block. What is let in here
  // reaches handle(), unless its connection ends before.
  [[nodiscard]] virtual Entry enter(const Connection& connection, const HttpRequest& request);
  [[nodiscard]] virtual HttpResponse handle(const Connection& connection,
                                            const HttpRequest& request) = 0;
};

struct TlsServerSettings {
  std::vector<crypto::Certificate> chain;  // leaf first
  crypto::PrivateKey key;
  std::vector<crypto::Certificate> client_roots;  // anchors for client certificates
  // CAs below them that are anchors too: a path ends at the first of them, so that no handshake
  // verifies its signature again. Whoever names one has verified it.
  std::vector<crypto::Certificate> client_issuers = {};
  bool require_client_certificate = true;
  // DER of an OCSP response for the leaf, shown to clients that ask for one; empty: none.
  Bytes ocsp_response = {};
};

struct HttpServerSettings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;                // 0: the system chooses; see HttpServer::port()
  std::optional<TlsServerSettings> tls;  // none: plain HTTP, for loopback only
  // Listens on this Unix socket instead, in plain HTTP: an absolute path of at most 107 octets, in
  // a folder where nobody else may replace what we make. What a killed server left there is
  // replaced; anything else is not. Removed when the server stops.
  std::string unix_path;
  unsigned unix_mode = 0600;  // permission bits of the socket
  std::size_t max_body_bytes = 1 << 20;
  std::size_t max_connections = 1024;
  unsigned handler_threads = 2;  // handlers that run at once, at most
  // Serves each connection on a thread of its own, which nothing has to wake but its peer: the
  // shortest way to an answer for a few callers on this machine. A connection that is closed while
  // its handler runs is then dropped when the handler returns.
  bool thread_per_connection = false;
  std::chrono::seconds idle_timeout{300};
  // From a request's first octet to its last, and for each 64 KiB of an answer.
  std::chrono::seconds request_timeout{30};
};

// A running server. Destruction stops it and waits for handlers under way.
class HttpServer {
 public:
  HttpServer() = default;
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  virtual ~HttpServer() = default;

  [[nodiscard]] virtual std::uint16_t port() const = 0;  // 0 on a Unix socket
  // Connections from now on are made with this certificate, key and OCSP response; those that are
  // open go on as they are. Refuses NET-TLS as HttpFactory::serve does, and where no TLS is spoken;
  // then nothing has changed. Thread-safe.
  [[nodiscard]] virtual Result<void> renew(const TlsServerSettings& settings);
  // Closes every live connection that `condemned` picks; at once, mid-request too. Returns how
  // many.
  virtual std::size_t close_connections(
      const std::function<bool(const Connection&)>& condemned) = 0;
};

struct HttpClientSettings {
  std::string host;  // DNS name or address, checked against the server's certificate
  std::uint16_t port = 0;
  bool plain = false;                      // plain HTTP, for loopback only
  std::string unix_path;                   // plain HTTP over this Unix socket; host and port unused
  std::vector<crypto::Certificate> roots;  // anchors for the server; never the system's
  std::vector<crypto::Certificate> chain;  // our certificate, leaf first; may be empty
  std::optional<crypto::PrivateKey> key;
  // By whose time the server's certificates are judged, at each handshake; without one, the
  // operating system's. It outlives the client.
  const Clock* clock = nullptr;
  // The named power to take certificates of whatever time: for who is to learn what time it is.
  bool insecure_any_time = false;
  // Asked after each handshake about the server's chain as it was verified, leaf first and root
  // last: its refusal is what the caller gets, and nothing has been sent. Empty: the roots decide.
  std::function<Result<void>(std::span<const crypto::Certificate>)> judge_server = {};
  std::chrono::seconds timeout{20};  // of a whole request, connecting included
  std::size_t max_body_bytes = 16 << 20;
};

// One keep-alive connection to one server, opened on first use and again after it broke.
// Thread-safe: one request at a time. Refuses NET-UNREACHABLE, NET-TLS (also when the server
// rejects our certificate), NET-TIMEOUT, NET-CLOSED (the peer closed an open connection before it
// answered), NET-SIZE, and NET-SYNTAX (a request that cannot be sent as it is, or an answer that is
// not HTTP). A status of 400 or above is no refusal here. After NET-CLOSED or NET-TIMEOUT nobody
// knows whether the request was carried out; only a GET is repeated by itself, once, and only on a
// connection that was kept from an earlier request.
class HttpClient {
 public:
  HttpClient() = default;
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  virtual ~HttpClient() = default;

  [[nodiscard]] virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
  // The body goes to `sink` as it arrives; a refusal by the sink ends the transfer and is returned.
  // Only bodies of status 200 and 206 go there, others are in the response. When the request asks
  // for the octets from one on (see byte_range.h), a body that begins elsewhere is refused
  // NET-RANGE and no octet of it reaches the sink; so is a part that was not asked for. The sink
  // bounds the size, not `max_body_bytes`; every 64 KiB have to arrive within `timeout`.
  [[nodiscard]] virtual Result<HttpResponse> download(
      const HttpRequest& request, const std::function<Result<void>(ByteView)>& sink) = 0;
  // RFC 9266 binding of the present connection, opening it if need be.
  [[nodiscard]] virtual Result<Bytes> channel_binding() = 0;
  // Whether the connection is open as far as the kernel has heard; false once the peer closed it.
  [[nodiscard]] virtual bool connected() = 0;
};

// Makes servers and clients; the composition root passes it to the applications.
class HttpFactory {
 public:
  HttpFactory() = default;
  HttpFactory(const HttpFactory&) = delete;
  HttpFactory& operator=(const HttpFactory&) = delete;
  virtual ~HttpFactory() = default;

  // Refuses NET-LISTEN, and NET-TLS when certificates, key and roots do not fit together. `handler`
  // outlives the server.
  [[nodiscard]] virtual Result<std::unique_ptr<HttpServer>> serve(
      const HttpServerSettings& settings, HttpHandler& handler) = 0;
  // Opens no connection yet. Refuses NET-TLS as above, and NET-UNREACHABLE for a path that cannot
  // be a Unix socket's.
  [[nodiscard]] virtual Result<std::unique_ptr<HttpClient>> connect(
      const HttpClientSettings& settings) = 0;
};

}  // namespace vedette::platform
