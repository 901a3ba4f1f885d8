// EST's bodies on the wire (RFC 7030, RFC 8951), and what of it this server refuses.
#pragma once

#include "base/error.h"
#include "crypto/certificate.h"
#include "platform/net/http.h"
#include "server/route.h"

namespace vedette::server {

// The PKCS #10 of a request, unread: base64 with or without newlines; a Content-Transfer-Encoding
// means nothing (RFC 8951, 3.1). Refuses, before anything is decoded, EST-MEDIA-TYPE and EST-SIZE;
// then BASE64-SYNTAX.
[[nodiscard]] Result<Bytes> read_pkcs10(const platform::HttpRequest& request);
// The same, read; refuses what parse_certificate_request refuses, too.
[[nodiscard]] Result<crypto::CertificateRequest> read_certificate_request(
    const platform::HttpRequest& request);

// Each always refuses: EST-SERVER-KEY, EST-FULL-CMC, EST-CLIENT-CERTIFICATE and EST-LABEL.
[[nodiscard]] Result<platform::HttpResponse> refuse_server_key(const Call& call);
[[nodiscard]] Result<platform::HttpResponse> refuse_full_cmc(const Call& call);
[[nodiscard]] Result<platform::HttpResponse> refuse_renewal_without_certificate(const Call& call);
[[nodiscard]] Result<platform::HttpResponse> refuse_label(const Call& call);

// What every listener with EST on it says no to.
[[nodiscard]] std::vector<Route> refused_est_routes();

}  // namespace vedette::server
