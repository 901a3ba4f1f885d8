// Signed notes (C2SP signed-note): a text, and who signed it, in lines that a person can read.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "crypto/key.h"

namespace vedette::ledger {

inline constexpr std::size_t kMaxNoteBytes = 1 << 20;
inline constexpr std::size_t kMaxNoteSignatures = 100;

// The first four octets of SHA-256(name || 0x0A || 0x01 || public key): tells keys of one name
// apart.
using NoteKeyId = std::array<std::uint8_t, 4>;

// Who may sign: a name and an Ed25519 key.
class NoteVerifier {
 public:
  // `<name>+<key id, 8 hex digits>+<base64(0x01 || public key)>`. Refuses NOTE-KEY: misshapen, a
  // key id that does not fit, or any algorithm but Ed25519 (0x01).
  [[nodiscard]] static Result<NoteVerifier> parse(std::string_view vkey);
  // Refuses NOTE-KEY for another kind of key, or a name that is empty or holds a space or `+`.
  [[nodiscard]] static Result<NoteVerifier> create(std::string name, const crypto::PublicKey& key);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const NoteKeyId& key_id() const { return key_id_; }
  [[nodiscard]] const crypto::PublicKey& key() const { return key_; }
  [[nodiscard]] std::string vkey() const;

 private:
  NoteVerifier(std::string name, crypto::PublicKey key, const NoteKeyId& key_id)
      : name_(std::move(name)), key_(std::move(key)), key_id_(key_id) {}

  std::string name_;
  crypto::PublicKey key_;
  NoteKeyId key_id_;
};

// Who signs.
class NoteSigner {
 public:
  // Refuses NOTE-KEY, as NoteVerifier::create.
  [[nodiscard]] static Result<NoteSigner> create(std::string name, const crypto::PrivateKey& key);

  [[nodiscard]] const NoteVerifier& verifier() const { return verifier_; }
  // Text, blank line, one signature line. Refuses NOTE-TEXT unless the text is UTF-8 without
  // control characters other than line feeds and ends in one.
  [[nodiscard]] Result<std::string> sign(std::string_view text) const;

 private:
  NoteSigner(NoteVerifier verifier, crypto::PrivateKey key)
      : verifier_(std::move(verifier)), key_(std::move(key)) {}

  NoteVerifier verifier_;
  crypto::PrivateKey key_;
};

// The text of a note that at least one of `known` signed. As the standard says, signatures by keys
// that are not known are passed over, but one by a known key must hold: a known name and key id
// with a wrong signature condemns the note. Refuses NOTE-SYNTAX (CR and other control characters,
// not UTF-8, anything but signature lines at the end, two signatures by one key, more than 100),
// NOTE-SIGNATURE, NOTE-UNSIGNED (by nobody known) and NOTE-KEY (two of `known` share name and key
// id).
[[nodiscard]] Result<std::string> open_note(std::string_view note,
                                            std::span<const NoteVerifier> known);

}  // namespace vedette::ledger
