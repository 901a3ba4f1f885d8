#include "platform/net/beast/tls_context.h"

#include <span>
#include <string_view>

#include <boost/asio/ip/address.hpp>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "crypto/openssl_handles.h"

namespace vedette::platform::net {

namespace {

constexpr std::string_view kAlpn = "\x08http/1.1";  // RFC 7301, 3.1: a length, then the name
// Intermediates between a leaf and its anchor, and octets of a chain: what we read before we trust.
constexpr int kMaxIntermediates = 4;
constexpr long kMaxChainOctets = 32 << 10;

std::unexpected<Error> unusable(std::string message) {
  return refuse("NET-TLS", std::move(message), crypto::drain_errors());
}

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void set_protocol(SSL_CTX* context) {
  crypto::require(SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
                      SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1,
                  "TLS 1.3");
  // No resumption and no early data: OpenSSL resumes a session without looking at the client's
  // certificate again, even after it expired, and early data can be replayed.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  crypto::require(SSL_CTX_set_num_tickets(context, 0) == 1, "no tickets");
  crypto::require(SSL_CTX_set_max_early_data(context, 0) == 1, "no early data");
  // Idle connections are many: keep no buffers for them.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  // Post-quantum hybrid key exchange where this OpenSSL has it (3.5 and later).
  if (SSL_CTX_set1_groups_list(context, "X25519MLKEM768:X25519:P-256") != 1) {
    static_cast<void>(crypto::drain_errors());
    crypto::require(SSL_CTX_set1_groups_list(context, "X25519:P-256") == 1, "key exchange groups");
  }
}

void set_signatures(SSL_CTX* context) {
  crypto::require(SSL_CTX_set1_sigalgs_list(
                      context, "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ed25519") == 1,
                  "signature algorithms");
  // A client's key may live in a TPM, which signs P-256 with SHA-256 only.
  crypto::require(SSL_CTX_set1_client_sigalgs_list(context, "ecdsa_secp256r1_sha256") == 1,
                  "client signature algorithms");
}

// Our own certificate, with its chain, and its key.
Result<void> set_identity(SSL_CTX* context, std::span<const crypto::Certificate> chain,
                          const crypto::PrivateKey& key) {
  if (chain.empty()) return unusable("there is a TLS key but no certificate for it");
  if (SSL_CTX_use_certificate(context, crypto::native(chain.front())) != 1)
    return unusable("the TLS certificate cannot be used");
  for (const auto& intermediate : chain.subspan(1))
    crypto::require(SSL_CTX_add1_chain_cert(context, crypto::native(intermediate)) == 1,
                    "certificate chain");
  if (SSL_CTX_use_PrivateKey(context, crypto::native(key)) != 1 ||
      SSL_CTX_check_private_key(context) != 1)
    return unusable("the TLS key does not belong to the certificate");
  return {};
}

// Anchors are `roots`, `issuers` and nothing else; `purpose` is what the peer's certificate must be
// for.
void set_anchors(SSL_CTX* context, std::span<const crypto::Certificate> roots,
                 std::span<const crypto::Certificate> issuers, int purpose) {
  const crypto::CertificateStoreHandle store(X509_STORE_new());
  crypto::require(store != nullptr, "certificate store");
  for (const auto anchors : {roots, issuers})
    for (const auto& anchor : anchors)
      crypto::require(X509_STORE_add_cert(store.get(), crypto::native(anchor)) == 1,
                      "trust anchor");
  crypto::require(SSL_CTX_set1_verify_cert_store(context, store.get()) == 1, "certificate store");
  X509_VERIFY_PARAM* rules = SSL_CTX_get0_param(context);
  crypto::require(X509_VERIFY_PARAM_set_purpose(rules, purpose) == 1, "certificate purpose");
  X509_VERIFY_PARAM_set_depth(rules, kMaxIntermediates);
  if (!issuers.empty())
    crypto::require(X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN) == 1,
                    "paths that end at an issuing CA");
  crypto::require(X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT) == 1,
                  "strict path validation");
  SSL_CTX_set_max_cert_list(context, kMaxChainOctets);
}

// OpenSSL takes a certificate without extended key usage for any purpose, and a CA's for a leaf's.
// We take neither, as crypto::verify_chain; here, the handshake ends with an alert that says so.
int check_peer(int verified, X509_STORE_CTX* path) {
  if (verified != 1 || X509_STORE_CTX_get_error_depth(path) != 0) return verified;
  const auto* tls =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(path, SSL_get_ex_data_X509_STORE_CTX_idx()));
  X509* leaf = X509_STORE_CTX_get_current_cert(path);
  const std::uint32_t usage = SSL_is_server(tls) == 1 ? XKU_SSL_CLIENT : XKU_SSL_SERVER;
  // An absent extension reads as all bits set.
  const bool usage_said = (X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE) != 0;
  if (usage_said && (X509_get_extended_key_usage(leaf) & usage) != 0 && X509_check_ca(leaf) == 0)
    return 1;
  X509_STORE_CTX_set_error(path, X509_V_ERR_INVALID_PURPOSE);
  return 0;
}

int choose_protocol(SSL* /*tls*/, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void* /*unused*/) {
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_size, octets(kAlpn), kAlpn.size(), offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

// What the context shows goes with it: connections hold it for as long as they may need it.
void free_staple(void* /*context*/, void* staple, CRYPTO_EX_DATA* /*data*/, int /*index*/,
                 long /*unused*/, void* /*unused*/) {
  delete static_cast<Bytes*>(staple);
}

int staple_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_staple);
  return index;
}

// Copies what lies there: a handshake never waits for an answer to be made.
int show_staple(SSL* tls, void* /*unused*/) {
  const auto* staple =
      static_cast<const Bytes*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(tls), staple_index()));
  if (staple == nullptr) return SSL_TLSEXT_ERR_NOACK;
  auto* copy = static_cast<unsigned char*>(OPENSSL_memdup(staple->data(), staple->size()));
  if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
  if (SSL_set_tlsext_status_ocsp_resp(tls, copy, static_cast<long>(staple->size())) != 1) {
    OPENSSL_free(copy);
    return SSL_TLSEXT_ERR_NOACK;
  }
  return SSL_TLSEXT_ERR_OK;
}

void set_staple(SSL_CTX* context, const Bytes& response) {
  if (response.empty()) return;
  auto staple = std::make_unique<Bytes>(response);
  crypto::require(SSL_CTX_set_ex_data(context, staple_index(), staple.get()) == 1, "OCSP response");
  static_cast<void>(staple.release());  // the context's now
  crypto::require(SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB,
                                        reinterpret_cast<void (*)()>(show_staple)) == 1,
                  "OCSP response");
}

int verification_mode(const TlsServerSettings& settings) {
  if (settings.client_roots.empty()) return SSL_VERIFY_NONE;
  if (!settings.require_client_certificate) return SSL_VERIFY_PEER;
  return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
}

}  // namespace

Result<std::unique_ptr<ssl::context>> make_server_context(const TlsServerSettings& settings) {
  if (settings.require_client_certificate && settings.client_roots.empty())
    return unusable("client certificates are required, but no roots to check them are given");
  auto result = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX* context = result->native_handle();
  set_protocol(context);
  set_signatures(context);
  VEDETTE_CHECK(set_identity(context, settings.chain, settings.key));
  set_anchors(context, settings.client_roots, settings.client_issuers, X509_PURPOSE_SSL_CLIENT);
  // Tells a browser or curl which of its certificates to offer.
  for (const auto& root : settings.client_roots)
    crypto::require(SSL_CTX_add_client_CA(context, crypto::native(root)) == 1, "client roots");
  SSL_CTX_set_verify(context, verification_mode(settings), check_peer);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  set_staple(context, settings.ocsp_response);
  return result;
}

Result<std::unique_ptr<ssl::context>> make_client_context(const HttpClientSettings& settings) {
  if (settings.roots.empty()) return unusable("no roots to check the server's certificate");
  auto result = std::make_unique<ssl::context>(ssl::context::tls_client);
  SSL_CTX* context = result->native_handle();
  set_protocol(context);
  set_signatures(context);
  if (settings.key.has_value())
    VEDETTE_CHECK(set_identity(context, settings.chain, *settings.key));
  else if (!settings.chain.empty())
    return unusable("there is a TLS certificate but no key for it");
  set_anchors(context, settings.roots, {}, X509_PURPOSE_SSL_SERVER);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, check_peer);
  // 0 is success here, unlike everywhere else.
  crypto::require(SSL_CTX_set_alpn_protos(context, octets(kAlpn), kAlpn.size()) == 0, "ALPN");
  return result;
}

Result<void> expect_server(SSL* tls, const std::string& host) {
  X509_VERIFY_PARAM* rules = SSL_get0_param(tls);
  X509_VERIFY_PARAM_set_hostflags(
      rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  if (!not_an_address) {
    if (X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1) return {};
    return unusable("the server's address cannot be checked");
  }
  // An empty name would switch the check off instead of failing it.
  std::string name = host;
  if (host.empty() || X509_VERIFY_PARAM_set1_host(rules, host.data(), host.size()) != 1 ||
      SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) != 1)
    return unusable("the server's name cannot be checked");
  return {};
}

void expect_time(SSL* tls, const HttpClientSettings& settings) {
  X509_VERIFY_PARAM* rules = SSL_get0_param(tls);
  if (settings.insecure_any_time)
    crypto::require(X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_NO_CHECK_TIME) == 1, "any time");
  else if (settings.clock != nullptr)
    X509_VERIFY_PARAM_set_time(rules, to_unix_seconds(settings.clock->now()));
}

Result<void> check_agreed_protocol(SSL* tls) {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(tls, &name, &size);
  if (!equal(ByteView(name, size), as_bytes(kAlpn.substr(1))))
    return refuse("NET-TLS", "the server does not speak HTTP/1.1 over TLS", {},
                  "is this a Vedette server?");
  return {};
}

Result<std::optional<VerifiedPeer>> verified_peer(SSL* tls) {
  crypto::CertificateHandle peer(SSL_get1_peer_certificate(tls));
  if (peer == nullptr) return std::optional<VerifiedPeer>{};
  const STACK_OF(X509)* const path = SSL_get0_verified_chain(tls);
  if ((SSL_get_verify_mode(tls) & SSL_VERIFY_PEER) == 0 ||
      SSL_get_verify_result(tls) != X509_V_OK || sk_X509_num(path) < 2)
    return refuse("NET-TLS", "the client's certificate was not verified");
  const crypto::Sha256Digest issuer_key = crypto::spki_sha256(sk_X509_value(path, 1));
  VEDETTE_TRY(auto certificate, crypto::adopt_certificate(std::move(peer)));
  return VerifiedPeer{std::move(certificate), issuer_key};
}

Result<std::vector<crypto::Certificate>> verified_chain(SSL* tls) {
  STACK_OF(X509)* const path = SSL_get0_verified_chain(tls);
  if (path == nullptr || SSL_get_verify_result(tls) != X509_V_OK)
    return refuse("NET-TLS", "the server's certificate was not verified");
  std::vector<crypto::Certificate> chain;
  for (int i = 0; i < sk_X509_num(path); ++i) {
    VEDETTE_TRY(auto certificate, crypto::certificate_from_native(sk_X509_value(path, i)));
    chain.push_back(std::move(certificate));
  }
  return chain;
}

std::string handshake_cause(SSL* tls, const error_code& error) {
  const long verdict = SSL_get_verify_result(tls);
  if (verdict == X509_V_OK) return error.message();
  return error.message() + ": " + X509_verify_cert_error_string(verdict);
}

}  // namespace vedette::platform::net
