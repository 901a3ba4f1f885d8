// What is read as a checkpoint is written back as the same text; notes never open for nobody.
#include <cstdlib>

#include "ledger/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  static const auto signer =
      *ledger::NoteSigner::create("log", crypto::PrivateKey::generate_ed25519());
  const std::string_view text = as_text(ByteView(data, size));
  const auto checkpoint = ledger::parse_checkpoint_body(text);
  if (checkpoint.has_value() && ledger::to_checkpoint_body(*checkpoint) != text) std::abort();
  if (ledger::verify_checkpoint(text, signer.verifier()).has_value()) std::abort();
  const auto key = ledger::NoteVerifier::parse(text);
  if (key.has_value() && !ledger::NoteVerifier::parse(key->vkey()).has_value()) std::abort();
  const auto note = signer.sign(text);
  if (note.has_value() && ledger::open_note(*note, std::span(&signer.verifier(), 1)) != text)
    std::abort();
  return 0;
}
