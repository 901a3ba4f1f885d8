#include "crypto/alternative_names.h"

#include <algorithm>

namespace vedette::crypto {
namespace {

using GeneralNameHandle = std::unique_ptr<GENERAL_NAME, FreeWith<GENERAL_NAME_free>>;
using StringHandle = std::unique_ptr<ASN1_STRING, FreeWith<ASN1_STRING_free>>;
using OctetStringHandle = std::unique_ptr<ASN1_OCTET_STRING, FreeWith<ASN1_OCTET_STRING_free>>;

constexpr std::size_t kMaxUri = 2048;
constexpr std::size_t kMaxDnsName = 253;
constexpr int kAbsent = -1;  // X509V3_get_d2i's word for it

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void push(GENERAL_NAMES* names, int type, ASN1_STRING* value) {
  GeneralNameHandle name(GENERAL_NAME_new());
  require(name != nullptr, "make a general name");
  GENERAL_NAME_set0_value(name.get(), type, value);
  require(sk_GENERAL_NAME_push(names, name.get()) > 0, "add a general name");
  (void)name.release();
}

void push_text(GENERAL_NAMES* names, int type, std::string_view text) {
  StringHandle value(ASN1_STRING_type_new(V_ASN1_IA5STRING));
  require(value != nullptr &&
              ASN1_STRING_set(value.get(), text.data(), static_cast<int>(text.size())) == 1,
          "make an IA5String");
  push(names, type, value.release());
}

}  // namespace

Result<AlternativeNames> read_alternative_names(GeneralNamesHandle names, int critical,
                                                std::string_view code) {
  if (names == nullptr) {
    if (critical == kAbsent) return AlternativeNames{};
    return refuse(code, "the subject's alternative names are there twice or cannot be read");
  }
  AlternativeNames result;
  result.count = static_cast<std::size_t>(sk_GENERAL_NAME_num(names.get()));
  if (result.count == 0) return refuse(code, "the list of alternative names is empty");
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI && name->type != GEN_EMAIL) continue;
    // NOLINTNEXTLINE(*-pro-type-union-access): both types have this member
    const ASN1_IA5STRING* const text = name->d.ia5;
    const ByteView octets(ASN1_STRING_get0_data(text),
                          static_cast<std::size_t>(ASN1_STRING_length(text)));
    (name->type == GEN_URI ? result.uris : result.emails).emplace_back(as_text(octets));
  }
  return result;
}

bool is_uri_name(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos && colon > 0 && text.size() <= kMaxUri &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool is_dns_name(std::string_view text) {
  if (text.starts_with("*.")) text.remove_prefix(2);
  if (text.empty() || text.size() > kMaxDnsName) return false;
  bool label_starts = true;
  for (const char c : text) {
    if (label_starts ? !is_letter_or_digit(c) : !is_letter_or_digit(c) && c != '-' && c != '.')
      return false;
    label_starts = c == '.';
  }
  return !label_starts;
}

bool is_email_name(std::string_view text) {
  constexpr std::size_t kMaxEmail = 254;  // RFC 5321, 4.5.3.1.3, without its angle brackets
  const std::size_t at = text.find('@');
  return text.size() <= kMaxEmail && at != std::string_view::npos && at > 0 &&
         at + 1 < text.size() && text.find('@', at + 1) == std::string_view::npos &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != ':'; });
}

void add_uri(GENERAL_NAMES* names, std::string_view uri) {
  push_text(names, GEN_URI, uri);
}
void add_email(GENERAL_NAMES* names, std::string_view address) {
  push_text(names, GEN_EMAIL, address);
}
void add_dns_name(GENERAL_NAMES* names, std::string_view name) {
  push_text(names, GEN_DNS, name);
}

DIST_POINT_NAME* new_distribution_point_name(std::string_view uri) {
  std::unique_ptr<DIST_POINT_NAME, FreeWith<DIST_POINT_NAME_free>> name(DIST_POINT_NAME_new());
  GENERAL_NAMES* const full_name = sk_GENERAL_NAME_new_null();
  require(name != nullptr && full_name != nullptr, "make a distribution point");
  name->type = 0;
  name->name.fullname = full_name;  // NOLINT(*-pro-type-union-access): a CHOICE in C
  add_uri(full_name, uri);
  return name.release();
}

bool add_ip_address(GENERAL_NAMES* names, const std::string& address) {
  const ErrorQueueScope errors;
  OctetStringHandle octets(a2i_IPADDRESS(address.c_str()));
  if (octets == nullptr || address.find('\0') != std::string::npos) return false;
  push(names, GEN_IPADD, octets.release());
  return true;
}

}  // namespace vedette::crypto
