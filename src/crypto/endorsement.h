// The certificate of a TPM's endorsement key, and the key in it (TCG EK Credential Profile).
#pragma once

#include "crypto/certificate.h"

namespace vedette::crypto {

// As certificate.public_key(), and also for keys whose algorithm is named id-RSAES-OAEP (RFC 4055,
// 4.1), as older TPMs' certificates do: the RSA key under that name. Refuses KEY-FORMAT and
// KEY-WEAK.
[[nodiscard]] Result<PublicKey> endorsement_public_key(const Certificate& certificate);

// Whether `issuer` has the name of whom `certificate` says that it was issued by: a candidate for
// its path, and nothing proven.
[[nodiscard]] bool is_issuer_by_name(const Certificate& issuer, const Certificate& certificate);

// Powers that widen what is taken from one maker, each for the leaf alone: nothing weakens for the
// authorities above it, for the size of a key, or for the binding of the key to the device.
struct EndorsementTolerance {
  // SHA-1 in the leaf's signature, as STMicroelectronics signed until about 2015. Who could make
  // the maker sign one half of a collision could enrol a TPM of their own making.
  bool sha1_signature = false;
  // A leaf past its notAfter: the TPM in a device outlives the ten years that some makers wrote.
  bool expired = false;

  friend bool operator==(const EndorsementTolerance&, const EndorsementTolerance&) = default;
};

// verify_chain for Purpose::endorsement_key, with what `tolerance` takes besides.
[[nodiscard]] Result<void> verify_endorsement_chain(const Certificate& leaf,
                                                    std::span<const Certificate> intermediates,
                                                    std::span<const Certificate> roots,
                                                    TimePoint time, EndorsementTolerance tolerance);

}  // namespace vedette::crypto
