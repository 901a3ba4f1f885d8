// A certificate as makers lay it in NV: maybe behind a header, maybe padded.
#pragma once

#include "base/bytes.h"
#include "base/error.h"

namespace vedette::platform::esys {

// The one DER SEQUENCE in `content`, without the seven octets of TCG_PCCLIENT_STORED_CERT that some
// makers put before it (TCG PC Client TPM 1.2 Specific Implementation, 7.3.2) and without what
// follows its length. Nothing inside is looked at. Refuses TPM-EK-CERTIFICATE.
[[nodiscard]] Result<Bytes> certificate_in(ByteView content);

}  // namespace vedette::platform::esys
