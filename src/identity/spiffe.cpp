#include "identity/spiffe.h"

#include <algorithm>
#include <array>
#include <optional>

namespace vedette::identity {
namespace {

constexpr std::string_view kScheme = "spiffe://";
constexpr std::size_t kMaxIdLength = 2048;          // SPIFFE-ID, 2.3
constexpr std::size_t kMaxTrustDomainLength = 255;  // SPIFFE-ID, 2.1
constexpr std::size_t kMaxShownLength = 80;

std::string shown(std::string_view text) {
  return std::string(text.substr(0, kMaxShownLength));
}

bool is_trust_domain_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

std::optional<PrincipalKind> kind_of(std::string_view segment) {
  for (const auto kind : {PrincipalKind::device, PrincipalKind::operator_, PrincipalKind::server})
    if (segment == to_string(kind)) return kind;
  return std::nullopt;
}

std::unexpected<Error> refuse_syntax(std::string_view text) {
  return refuse("SPIFFE-SYNTAX",
                "not a SPIFFE ID of the form spiffe://<trust domain>/<kind>/<name>", shown(text));
}

}  // namespace

std::string_view to_string(PrincipalKind kind) {
  switch (kind) {
    case PrincipalKind::device:
      return "device";
    case PrincipalKind::operator_:
      return "operator";
    case PrincipalKind::server:
      return "server";
  }
  return "unknown";
}

Result<TrustDomain> TrustDomain::parse(std::string_view text) {
  if (text.empty() || text.size() > kMaxTrustDomainLength ||
      !std::ranges::all_of(text, is_trust_domain_character))
    return refuse("SPIFFE-TRUST-DOMAIN", "not a valid trust domain", shown(text),
                  "use 1 to 255 lower-case letters, digits, '.', '-' or '_'");
  return TrustDomain(std::string(text));
}

Result<SpiffeId> SpiffeId::parse(std::string_view text) {
  if (text.size() > kMaxIdLength || !text.starts_with(kScheme)) return refuse_syntax(text);
  const std::string_view rest = text.substr(kScheme.size());
  const std::size_t first = rest.find('/');
  if (first == std::string_view::npos) return refuse_syntax(text);
  const std::string_view path = rest.substr(first + 1);
  const std::size_t second = path.find('/');
  if (second == std::string_view::npos) return refuse_syntax(text);
  const std::string_view name = path.substr(second + 1);
  // What is left after the second '/' is one segment: neither a trailing slash nor a fourth.
  if (name.empty() || name.find('/') != std::string_view::npos) return refuse_syntax(text);

  VEDETTE_TRY(TrustDomain trust_domain, TrustDomain::parse(rest.substr(0, first)));
  const auto kind = kind_of(path.substr(0, second));
  if (!kind)
    return refuse("SPIFFE-KIND",
                  "the SPIFFE ID names neither a device nor an operator nor a server", shown(text));
  if (!is_name(name))
    return refuse("SPIFFE-NAME", "the last part of the SPIFFE ID is not a valid name", shown(text));
  return SpiffeId(std::move(trust_domain), *kind, std::string(name));
}

SpiffeId::SpiffeId(TrustDomain trust_domain, const DeviceId& device)
    : SpiffeId(std::move(trust_domain), PrincipalKind::device, device.str()) {}

SpiffeId::SpiffeId(TrustDomain trust_domain, const OperatorId& operator_id)
    : SpiffeId(std::move(trust_domain), PrincipalKind::operator_, operator_id.str()) {}

SpiffeId::SpiffeId(TrustDomain trust_domain, const ServerId& server)
    : SpiffeId(std::move(trust_domain), PrincipalKind::server, server.str()) {}

std::string SpiffeId::str() const {
  std::string text(kScheme);
  text += trust_domain_.str();
  text += '/';
  text += to_string(kind_);
  text += '/';
  text += name_;
  return text;
}

}  // namespace vedette::identity
