#include "ledger/signed_note.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "codec/base64.h"
#include "codec/utf8.h"
#include "crypto/digest.h"

namespace vedette::ledger {
namespace {

constexpr std::uint8_t kEd25519 = 0x01;
constexpr std::size_t kEd25519KeyBytes = 32;
constexpr std::size_t kEd25519SignatureBytes = 64;
constexpr std::string_view kDash = "\xE2\x80\x94 ";  // U+2014 and a space

// SubjectPublicKeyInfo of Ed25519 (RFC 8410, section 4) up to the key's octets.
constexpr std::uint8_t kSpkiPrefix[] = {0x30, 0x2A, 0x30, 0x05, 0x06, 0x03,
                                        0x2B, 0x65, 0x70, 0x03, 0x21, 0x00};

std::unexpected<Error> refuse_key(std::string cause) {
  return refuse("NOTE-KEY", "this is not the key of a note's signer", std::move(cause),
                "expected name+8 hex digits+base64, with an Ed25519 key");
}

std::unexpected<Error> refuse_syntax(std::string cause) {
  return refuse("NOTE-SYNTAX", "this is not a signed note", std::move(cause));
}

// Unicode's white space, by its UTF-8 octets: C2 85, C2 A0, E1 9A 80, E2 80 80-8A, E2 80 A8-A9,
// E2 80 AF, E2 81 9F, E3 80 80.
bool is_wide_space(std::string_view sequence) {
  if (sequence == "\xC2\x85" || sequence == "\xC2\xA0" || sequence == "\xE1\x9A\x80" ||
      sequence == "\xE2\x81\x9F" || sequence == "\xE3\x80\x80")
    return true;
  if (!sequence.starts_with("\xE2\x80")) return false;
  const auto last = static_cast<unsigned char>(sequence.back());
  return last <= 0x8A || last == 0xA8 || last == 0xA9 || last == 0xAF;
}

bool is_key_name(std::string_view name) {
  if (name.empty()) return false;
  while (!name.empty()) {
    const std::size_t length = codec::utf8_length(name);
    const auto first = static_cast<unsigned char>(name.front());
    if (length == 0 || first <= 0x20 || first == '+' || is_wide_space(name.substr(0, length)))
      return false;
    name.remove_prefix(length);
  }
  return true;
}

bool is_note_text(std::string_view text) {
  const bool control = std::ranges::any_of(text, [](char character) {
    return static_cast<unsigned char>(character) < 0x20 && character != '\n';
  });
  return !control && !text.empty() && text.ends_with('\n') && codec::is_utf8(text);
}

NoteKeyId key_id_of(std::string_view name, ByteView raw_key) {
  Bytes input = to_bytes(name);
  input.push_back('\n');
  input.push_back(kEd25519);
  append(input, raw_key);
  const crypto::Sha256Digest digest = crypto::sha256(input);
  NoteKeyId id{};
  std::ranges::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

Bytes raw_key(const crypto::PublicKey& key) {
  const Bytes spki = key.spki_der();
  return {spki.end() - std::ptrdiff_t{kEd25519KeyBytes}, spki.end()};
}

struct Line {
  std::string name;
  NoteKeyId key_id{};
  Bytes signature;
};

Result<Line> parse_line(std::string_view text) {
  if (!text.starts_with(kDash)) return refuse_syntax("not a signature line");
  text.remove_prefix(kDash.size());
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || !is_key_name(text.substr(0, space)))
    return refuse_syntax("a signature line without a signer's name");
  const auto blob = codec::from_base64(text.substr(space + 1));
  Line line{.name = std::string(text.substr(0, space)), .signature = {}};
  if (!blob || blob->size() <= line.key_id.size())
    return refuse_syntax("a signature line without a signature");
  const ByteView octets = *blob;
  std::ranges::copy(octets.first(line.key_id.size()), line.key_id.begin());
  line.signature = to_bytes(octets.subspan(line.key_id.size()));
  return line;
}

struct ParsedNote {
  std::string text;
  std::vector<Line> lines;
};

Result<ParsedNote> parse_note(std::string_view note) {
  if (note.size() > kMaxNoteBytes || !is_note_text(note)) return refuse_syntax("not such a text");
  const std::size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) return refuse_syntax("no blank line before signatures");
  ParsedNote parsed{.text = std::string(note.substr(0, blank + 1)), .lines = {}};
  std::string_view rest = note.substr(blank + 2);
  while (!rest.empty()) {
    if (parsed.lines.size() == kMaxNoteSignatures) return refuse_syntax("too many signatures");
    const std::size_t end = rest.find('\n');
    VEDETTE_TRY(Line line, parse_line(rest.substr(0, end)));
    parsed.lines.push_back(std::move(line));
    rest.remove_prefix(end + 1);
  }
  if (parsed.lines.empty()) return refuse_syntax("no signature");
  return parsed;
}

// Null when nobody of `known` has that name and key id.
Result<const NoteVerifier*> find_verifier(const Line& line, std::span<const NoteVerifier> known) {
  const NoteVerifier* found = nullptr;
  for (const NoteVerifier& verifier : known) {
    if (verifier.name() != line.name || verifier.key_id() != line.key_id) continue;
    if (found != nullptr) return refuse_key("two keys are known as " + line.name);
    found = &verifier;
  }
  return found;
}

}  // namespace

Result<NoteVerifier> NoteVerifier::create(std::string name, const crypto::PublicKey& key) {
  if (!is_key_name(name)) return refuse_key("the name is empty or holds a space or +");
  if (key.type() != crypto::KeyType::ed25519) return refuse_key("not an Ed25519 key");
  const NoteKeyId id = key_id_of(name, raw_key(key));
  return NoteVerifier(std::move(name), key, id);
}

Result<NoteVerifier> NoteVerifier::parse(std::string_view vkey) {
  const std::size_t first = vkey.find('+');
  const std::size_t second = first == std::string_view::npos ? first : vkey.find('+', first + 1);
  if (second == std::string_view::npos) return refuse_key("not three parts");
  const auto id = codec::from_hex(vkey.substr(first + 1, second - first - 1));
  const auto blob = codec::from_base64(vkey.substr(second + 1));
  if (!id || !blob || id->size() != NoteKeyId{}.size()) return refuse_key("not hex and base64");
  if (blob->size() != 1 + kEd25519KeyBytes || blob->front() != kEd25519)
    return refuse_key("an algorithm other than Ed25519");
  Bytes spki(std::begin(kSpkiPrefix), std::end(kSpkiPrefix));
  append(spki, ByteView(*blob).subspan(1));
  VEDETTE_TRY(const crypto::PublicKey key, crypto::PublicKey::from_spki_der(spki));
  VEDETTE_TRY(NoteVerifier verifier, create(std::string(vkey.substr(0, first)), key));
  if (!equal(verifier.key_id_, *id)) return refuse_key("the key id does not fit");
  return verifier;
}

std::string NoteVerifier::vkey() const {
  Bytes blob{kEd25519};
  append(blob, raw_key(key_));
  return name_ + "+" + to_hex(key_id_) + "+" + codec::to_base64(blob);
}

Result<NoteSigner> NoteSigner::create(std::string name, const crypto::PrivateKey& key) {
  VEDETTE_TRY(NoteVerifier verifier, NoteVerifier::create(std::move(name), key.public_key()));
  return NoteSigner(std::move(verifier), key);
}

Result<std::string> NoteSigner::sign(std::string_view text) const {
  if (!is_note_text(text))
    return refuse("NOTE-TEXT", "a note's text is UTF-8 in whole lines, without control characters");
  VEDETTE_TRY(const Bytes signature, key_.sign(as_bytes(text)));
  Bytes blob = to_bytes(ByteView(verifier_.key_id()));
  append(blob, signature);
  return std::string(text) + "\n" + std::string(kDash) + verifier_.name() + " " +
         codec::to_base64(blob) + "\n";
}

Result<std::string> open_note(std::string_view note, std::span<const NoteVerifier> known) {
  VEDETTE_TRY(ParsedNote parsed, parse_note(note));
  std::set<const NoteVerifier*> signers;
  for (const Line& line : parsed.lines) {
    VEDETTE_TRY(const NoteVerifier* verifier, find_verifier(line, known));
    if (verifier == nullptr) continue;
    if (!signers.insert(verifier).second) return refuse_syntax("two signatures by " + line.name);
    if (line.signature.size() != kEd25519SignatureBytes ||
        !verifier->key().verify(crypto::Hash::sha512, as_bytes(parsed.text), line.signature))
      return refuse("NOTE-SIGNATURE", "a signature of the note does not hold", line.name);
  }
  if (signers.empty()) return refuse("NOTE-UNSIGNED", "nobody who is known signed this note");
  return std::move(parsed.text);
}

}  // namespace vedette::ledger
