// RevocationService: tells relying parties outside which device certificates do not hold any more.
//
// Vedette's own servers do not ask it: they look at the device's record on every request.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "crypto/revocation.h"
#include "identity/authority.h"
#include "platform/store/store.h"
#include "server/route.h"

namespace vedette::server {

// How old a list may be that is given out, and how long lists and answers hold.
inline constexpr std::chrono::seconds kListAge{10};
inline constexpr std::chrono::minutes kListLifetime{10};
inline constexpr std::chrono::minutes kOcspLifetime{2};

// How long holds what the server shows of its own certificate.
inline constexpr std::chrono::hours kStapleLifetime{1};

struct OcspStatement {
  Bytes der;
  TimePoint made_at;
};

// An issuing CA whose certificates may be asked about. Its lists have addresses of their own, since
// those stand in its certificates; the label is their part of the path, empty for the first one.
struct RevocationIssuer {
  const identity::CertificateAuthority& authority;
  std::string label;
};

// Anybody may ask. What is revoked is gathered for all lists together, and each list is signed when
// it is first asked for: at most once in kListAge whoever asks how often, and none for so long
// after an attempt that failed. An OCSP answer is signed for each request, with a key that can do
// nothing else. Thread-safe.
class RevocationService {
 public:
  // The present issuing CA first, then former ones.
  RevocationService(platform::Store& store, std::vector<RevocationIssuer> issuers,
                    const Clock& clock)
      : store_(store), issuers_(std::move(issuers)), clock_(clock), responders_(issuers_.size()) {}

  // GET .../crl/<n>.crl and .../<label>/crl/<n>.crl; `all.crl` where the certificates name no
  // address. RFC 5280, RFC 2585.
  [[nodiscard]] Result<platform::HttpResponse> list(const Call& call);
  // POST .../ocsp and GET .../ocsp/<base64> (RFC 6960, A.1), and the same behind a label, which
  // means nothing: a request says whose certificate it is about. What is no request gets OCSP's own
  // answer for that.
  [[nodiscard]] Result<platform::HttpResponse> ocsp(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> ocsp_by_address(const Call& call);

  // That this certificate, of the server's own, is good. Refuses what the authority refuses, and
  // KEY-SIGN.
  [[nodiscard]] Result<OcspStatement> statement_of(const crypto::Certificate& certificate);

 private:
  using Entries = std::vector<std::vector<crypto::RevokedCertificate>>;  // by shard

  // Of each issuer, by shard; one where all are in one.
  struct Lists {
    TimePoint gathered_at;
    std::vector<Entries> entries;
    std::vector<std::vector<std::optional<Bytes>>> made;  // those that were asked for
  };

  struct Failure {
    TimePoint at;
    Error error;
  };

  [[nodiscard]] Result<Bytes> current_list(std::size_t issuer, std::size_t shard);
  [[nodiscard]] Result<Bytes> make_list(std::size_t issuer, std::size_t shard, TimePoint now);
  [[nodiscard]] Result<Lists> gather(TimePoint now) const;
  // Which issuer's; none when it is nobody's.
  [[nodiscard]] Result<std::optional<std::size_t>> issuer_of(
      const identity::IssuedCertificate& certificate) const;
  [[nodiscard]] std::size_t shards() const;
  [[nodiscard]] Result<crypto::OcspResponder> responder(std::size_t issuer);
  [[nodiscard]] Result<platform::HttpResponse> answer_to(ByteView request);
  [[nodiscard]] Result<crypto::CertificateStanding> standing(const std::string& serial_hex,
                                                             std::size_t issuer);

  platform::Store& store_;
  std::vector<RevocationIssuer> issuers_;  // the present one first
  const Clock& clock_;
  std::mutex lists_mutex_;  // guards what follows, and is held while a list is made
  std::optional<Lists> lists_;
  std::optional<Failure> failure_;  // the last attempt's, if it failed: not repeated in kListAge
  std::mutex responder_mutex_;      // guards what follows
  std::vector<std::optional<crypto::OcspResponder>> responders_;  // of each issuer
};

}  // namespace vedette::server
