// What TLS may be here: 1.3 alone, our anchors alone, every connection verified anew.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "base/error.h"
#include "platform/net/beast/asio_names.h"
#include "platform/net/http.h"

namespace vedette::platform::net {

// Refuse NET-TLS when the parts do not fit: no certificate, a key of another certificate, client
// certificates required but no anchors to check them against.
[[nodiscard]] Result<std::unique_ptr<ssl::context>> make_server_context(
    const TlsServerSettings& settings);
[[nodiscard]] Result<std::unique_ptr<ssl::context>> make_client_context(
    const HttpClientSettings& settings);

// Before the handshake: the name or address that the server's certificate must carry as SAN, and
// SNI for a name.
[[nodiscard]] Result<void> expect_server(SSL* tls, const std::string& host);

// Before the handshake: when the server's certificates must be valid, as the settings say.
void expect_time(SSL* tls, const HttpClientSettings& settings);

// After the handshake: refuses NET-TLS unless the server agreed on http/1.1.
[[nodiscard]] Result<void> check_agreed_protocol(SSL* tls);

struct VerifiedPeer {
  crypto::Certificate certificate;
  crypto::Sha256Digest issuer_key;  // of the SubjectPublicKeyInfo whose key has signed it
};

// After the handshake, on the server: the client's certificate, whose chain OpenSSL has verified;
// none when the client sent none. Refuses NET-TLS for one that it did not verify.
[[nodiscard]] Result<std::optional<VerifiedPeer>> verified_peer(SSL* tls);

// After the handshake, on the client: the server's chain as OpenSSL has verified it, leaf first and
// root last. Refuses NET-TLS for one that it did not verify.
[[nodiscard]] Result<std::vector<crypto::Certificate>> verified_chain(SSL* tls);

// Why a handshake failed, as precisely as OpenSSL can say.
[[nodiscard]] std::string handshake_cause(SSL* tls, const error_code& error);

}  // namespace vedette::platform::net
