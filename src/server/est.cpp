#include "server/est.h"

#include <algorithm>

#include "codec/base64.h"

namespace vedette::server {

namespace {

using platform::HttpResponse;
using policy::Action;

// 16 KiB of DER, in base64 with a newline after every other octet at most.
constexpr std::size_t kMaxBody = 48U << 10U;

bool same_ignoring_case(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(left, right, {}, lower, lower);
}

// Without its parameters (RFC 9110, 8.3.1).
std::string_view media_type(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ') || content_type.ends_with('\t'))
    content_type.remove_suffix(1);
  return content_type;
}

}  // namespace

Result<Bytes> read_pkcs10(const platform::HttpRequest& request) {
  const std::string type = request.header("content-type");
  if (!same_ignoring_case(media_type(type), "application/pkcs10"))
    return refuse("EST-MEDIA-TYPE", "a certification request is sent as application/pkcs10",
                  type.empty() ? "no Content-Type" : type.substr(0, 80),
                  "send 'Content-Type: application/pkcs10'");
  if (request.body.size() > kMaxBody)
    return refuse(
        "EST-SIZE", "the certification request is too large",
        std::to_string(request.body.size()) + " octets; at most " + std::to_string(kMaxBody));
  return codec::from_base64_lines(as_text(request.body));
}

Result<crypto::CertificateRequest> read_certificate_request(const platform::HttpRequest& request) {
  VEDETTE_TRY(const Bytes der, read_pkcs10(request));
  return crypto::parse_certificate_request(der);
}

Result<HttpResponse> refuse_server_key(const Call& /*call*/) {
  return refuse("EST-SERVER-KEY", "this server generates no keys for devices",
                "a key that a server knew proves no device: it must be born in the device's TPM",
                "make the key in the TPM and use simpleenroll");
}

Result<HttpResponse> refuse_full_cmc(const Call& /*call*/) {
  return refuse("EST-FULL-CMC", "this server does not speak Full CMC", {}, "use simpleenroll");
}

Result<HttpResponse> refuse_renewal_without_certificate(const Call& /*call*/) {
  return refuse("EST-CLIENT-CERTIFICATE",
                "a certificate is renewed by whoever presents it in TLS, not by a token",
                "this listener asks for no client certificate",
                "send simplereenroll to the device listener, with the present certificate");
}

Result<HttpResponse> refuse_label(const Call& call) {
  return refuse("EST-LABEL", "this server has one authority, and no label for others",
                call.arguments.front().substr(0, 80), "leave the label out of the path");
}

std::vector<Route> refused_est_routes() {
  return {
      {"POST", "/.well-known/est/serverkeygen", Action::read_authorities, refuse_server_key},
      {"POST", "/.well-known/est/fullcmc", Action::read_authorities, refuse_full_cmc},
      {"GET", "/.well-known/est/{}/{}", Action::read_authorities, refuse_label},
      {"POST", "/.well-known/est/{}/{}", Action::read_authorities, refuse_label},
  };
}

}  // namespace vedette::server
