#include "platform/tpm/esys/signing_keys.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "platform/tpm/esys/key_blob.h"
#include "platform/tpm/esys/marshal.h"

namespace vedette::platform::esys {

namespace {

// Held while a key is looked up or made, so that two processes do not both make one.
Result<UniqueFd> lock_folder(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return refuse("TPM-STATE", "the folder for TPM state cannot be made", errno_text(folder));
  UniqueFd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd.valid() || ::flock(fd.get(), LOCK_EX) != 0)
    return refuse("TPM-STATE", "the folder for TPM state cannot be used", errno_text(folder));
  return fd;
}

Result<KeyBlob> create(ESYS_CONTEXT* context, ESYS_TR parent, const TPM2B_PUBLIC& kind) {
  const TPM2B_SENSITIVE_CREATE no_authorisation{};
  const TPM2B_DATA no_data{};
  const TPML_PCR_SELECTION no_registers{};
  Received<TPM2B_PRIVATE> private_part;
  Received<TPM2B_PUBLIC> public_part;
  VEDETTE_CHECK(check("Esys_Create", Esys_Create(context, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                                 ESYS_TR_NONE, &no_authorisation, &kind, &no_data,
                                                 &no_registers, private_part.out(),
                                                 public_part.out(), nullptr, nullptr, nullptr)));
  return KeyBlob{*public_part, *private_part};
}

Result<LoadedKey> load(ESYS_CONTEXT* context, ESYS_TR parent, const KeyBlob& blob,
                       const std::string& path) {
  LoadedKey key{Transient{context}, {}};
  const TSS2_RC code = Esys_Load(context, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                 &blob.private_part, &blob.public_part, key.handle.out());
  // The parent's HMAC over the blob does not verify (Part 3, 12.2.1).
  if (tpm_says(code, TPM2_RC_INTEGRITY))
    return refuse("TPM-FOREIGN-STATE", "the stored key does not belong to this TPM", path,
                  "this disk may be a copy from another device, or the TPM was cleared: move the "
                  "TPM state folder away and enrol the device anew");
  VEDETTE_CHECK(check("Esys_Load", code));
  VEDETTE_TRY(key.public_area, marshal(Tss2_MU_TPM2B_PUBLIC_Marshal, blob.public_part));
  return key;
}

Result<LoadedKey> load_or_create(ESYS_CONTEXT* context, ESYS_TR parent, const std::string& path,
                                 const TPM2B_PUBLIC& kind) {
  VEDETTE_TRY(std::optional<KeyBlob> blob, read_key_blob(path));
  if (blob && !is_of_kind(*blob, kind))
    return refuse("TPM-STATE", "the stored key is not of the kind that it must be", path,
                  "restore the TPM state folder, and the kind of attestation key that is set; or "
                  "move the folder away and enrol the device anew");
  if (!blob) {
    VEDETTE_TRY(blob, create(context, parent, kind));
    VEDETTE_CHECK(write_key_blob(path, *blob));
  }
  return load(context, parent, *blob, path);
}

}  // namespace

Result<LoadedKey> create_primary(ESYS_CONTEXT* context, ESYS_TR hierarchy,
                                 const TPM2B_PUBLIC& kind) {
  const TPM2B_SENSITIVE_CREATE no_authorisation{};
  const TPM2B_DATA no_data{};
  const TPML_PCR_SELECTION no_registers{};
  LoadedKey key{Transient{context}, {}};
  Received<TPM2B_PUBLIC> public_part;
  VEDETTE_CHECK(
      check("Esys_CreatePrimary",
            Esys_CreatePrimary(context, hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                               &no_authorisation, &kind, &no_data, &no_registers, key.handle.out(),
                               public_part.out(), nullptr, nullptr, nullptr)));
  VEDETTE_TRY(key.public_area, marshal(Tss2_MU_TPM2B_PUBLIC_Marshal, *public_part));
  return key;
}

Result<DeviceKeys> load_or_create_keys(ESYS_CONTEXT* context, const std::string& folder,
                                       AttestationKeyKind attestation) {
  VEDETTE_TRY(const UniqueFd lock, lock_folder(folder));
  VEDETTE_TRY(const LoadedKey root,
              create_primary(context, ESYS_TR_RH_OWNER, storage_root_template()));
  const ESYS_TR parent = root.handle.get();
  VEDETTE_TRY(auto attesting, load_or_create(context, parent, folder + "/attestation-key.tpm2",
                                             attestation_template(attestation)));
  VEDETTE_TRY(auto device,
              load_or_create(context, parent, folder + "/device-key.tpm2", device_template()));
  return DeviceKeys{std::move(attesting), std::move(device)};
}

Result<crypto::EcdsaSignature> sign(ESYS_CONTEXT* context, ESYS_TR key,
                                    const crypto::Sha256Digest& digest) {
  VEDETTE_TRY(const auto input, sized_buffer<TPM2B_DIGEST>(digest));
  TPMT_SIG_SCHEME fixed_in_key{};
  fixed_in_key.scheme = TPM2_ALG_NULL;
  // A null ticket: the TPM has not seen the message (Part 3, 20.2.1).
  TPMT_TK_HASHCHECK no_ticket{};
  no_ticket.tag = TPM2_ST_HASHCHECK;
  no_ticket.hierarchy = TPM2_RH_NULL;
  Received<TPMT_SIGNATURE> made;
  VEDETTE_CHECK(
      check("Esys_Sign", Esys_Sign(context, key, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                   &input, &fixed_in_key, &no_ticket, made.out())));
  if (made->sigAlg != TPM2_ALG_ECDSA)
    return refuse("TPM-COMMAND", "the TPM signed by another algorithm than the key's",
                  "algorithm " + std::to_string(made->sigAlg));
  const TPM2B_ECC_PARAMETER& r = made->signature.ecdsa.signatureR;
  const TPM2B_ECC_PARAMETER& s = made->signature.ecdsa.signatureS;
  return crypto::EcdsaSignature{Bytes(r.buffer, r.buffer + r.size),
                                Bytes(s.buffer, s.buffer + s.size)};
}

}  // namespace vedette::platform::esys
