// SPIFFE IDs: the names that certificates carry (SPIFFE-ID, sections 2.1 to 2.3).
//
// We know three kinds: spiffe://<trust domain>/device/<id>, .../operator/<id>, .../server/<id>.
// There is one text for one identity: everything that a lenient reader might take for another
// spelling is refused.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/strong_id.h"

namespace vedette::identity {

struct ServerTag {
  static constexpr const char* kNoun = "server";
};
using ServerId = StrongId<ServerTag>;

// Whom a SPIFFE ID names.
// NOLINTNEXTLINE(readability-identifier-naming): `operator` is a keyword
enum class PrincipalKind : std::uint8_t { device, operator_, server };

[[nodiscard]] std::string_view to_string(PrincipalKind kind);  // as it stands in the path

// 1 to 255 characters: lower-case letters, digits, '.', '-' and '_'.
class TrustDomain {
 public:
  [[nodiscard]] static Result<TrustDomain> parse(std::string_view text);  // SPIFFE-TRUST-DOMAIN

  [[nodiscard]] const std::string& str() const { return text_; }
  friend auto operator<=>(const TrustDomain&, const TrustDomain&) = default;

 private:
  explicit TrustDomain(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

class SpiffeId {
 public:
  // Refuses SPIFFE-SYNTAX (scheme, more than 2048 octets, other than two path segments),
  // SPIFFE-TRUST-DOMAIN (a port, a user or a percent sign among others), SPIFFE-KIND and
  // SPIFFE-NAME (a query, a fragment, an escape, upper case, `..`).
  [[nodiscard]] static Result<SpiffeId> parse(std::string_view text);

  SpiffeId(TrustDomain trust_domain, const DeviceId& device);
  SpiffeId(TrustDomain trust_domain, const OperatorId& operator_id);
  SpiffeId(TrustDomain trust_domain, const ServerId& server);

  [[nodiscard]] const TrustDomain& trust_domain() const { return trust_domain_; }
  [[nodiscard]] PrincipalKind kind() const { return kind_; }
  [[nodiscard]] const std::string& name() const { return name_; }  // obeys is_name()
  [[nodiscard]] std::string str() const;

  friend bool operator==(const SpiffeId&, const SpiffeId&) = default;

 private:
  SpiffeId(TrustDomain trust_domain, PrincipalKind kind, std::string name)
      : trust_domain_(std::move(trust_domain)), kind_(kind), name_(std::move(name)) {}

  TrustDomain trust_domain_;
  PrincipalKind kind_;
  std::string name_;
};

}  // namespace vedette::identity
