// subjectAltName (RFC 5280, 4.2.1.6) in both directions. For the sources of src/crypto only.
#pragma once

#include "crypto/openssl_handles.h"

namespace vedette::crypto {

struct AlternativeNames {
  std::vector<std::string> uris;
  std::vector<std::string> emails;
  std::size_t count = 0;  // of names of any type
};

// Out of what X509_get_ext_d2i or X509V3_get_d2i returned together with `critical`: no names when
// the extension is absent; refuses `code` when it is there twice or cannot be read.
[[nodiscard]] Result<AlternativeNames> read_alternative_names(GeneralNamesHandle names,
                                                              int critical, std::string_view code);

// Whether `text` may be put into a certificate as a URI: absolute, printable ASCII, at most 2048
// octets (SPIFFE ID, 2.3).
[[nodiscard]] bool is_uri_name(std::string_view text);
// A host name of letters, digits, '-' and '.', at most 253 octets; one leading "*." is allowed.
[[nodiscard]] bool is_dns_name(std::string_view text);

// An address with one '@', printable ASCII without spaces and colons, at most 254 octets.
[[nodiscard]] bool is_email_name(std::string_view text);

// Names as ASN.1 objects, never by way of OpenSSL's configuration text, in which a comma would
// start another name. The caller has checked the texts.
void add_uri(GENERAL_NAMES* names, std::string_view uri);
void add_email(GENERAL_NAMES* names, std::string_view address);
void add_dns_name(GENERAL_NAMES* names, std::string_view name);
// The place where something is found (RFC 5280, 4.2.1.13): a full name of one URI. Owned by the
// caller.
[[nodiscard]] DIST_POINT_NAME* new_distribution_point_name(std::string_view uri);
[[nodiscard]] bool add_ip_address(GENERAL_NAMES* names, const std::string& address);

}  // namespace vedette::crypto
