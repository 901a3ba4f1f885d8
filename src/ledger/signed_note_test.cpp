#include "ledger/signed_note.h"

#include <gtest/gtest.h>

#include "codec/base64.h"

namespace vedette::ledger {
namespace {

const std::string kText = "a line\nanother\n";

NoteSigner signer(const std::string& name = "example.com/log") {
  return *NoteSigner::create(name, crypto::PrivateKey::generate_ed25519());
}

std::string open_code(const std::string& note, std::span<const NoteVerifier> known) {
  const auto text = open_note(note, known);
  return text ? "opened" : text.error().code;
}

class SignedNote : public ::testing::Test {
 protected:
  NoteSigner signer_ = signer();
  std::vector<NoteVerifier> known_{signer_.verifier()};
  std::string note_ = *signer_.sign(kText);
  std::string line_ = note_.substr(kText.size() + 1);
};

TEST_F(SignedNote, RefusesKeysThatCannotSignNotes) {
  const auto ed25519 = crypto::PrivateKey::generate_ed25519();
  for (const char* name : {"", "a b", "a+b", "a\nb",
                           "a\xC2\xA0"
                           "b",
                           "a\xE2\x80\x83"
                           "b",
                           "\xFF"})
    EXPECT_EQ(NoteSigner::create(name, ed25519).error().code, "NOTE-KEY") << name;
  EXPECT_EQ(NoteSigner::create("p256", crypto::PrivateKey::generate_p256()).error().code,
            "NOTE-KEY");
}

TEST_F(SignedNote, RefusesVkeysThatAreMisshapen) {
  const std::string vkey = known_[0].vkey();
  const std::size_t id = vkey.find('+') + 1;
  std::string wrong_id = vkey;
  wrong_id[id] = wrong_id[id] == '0' ? '1' : '0';
  std::string other_type = vkey.substr(0, id + 9) + "B" + vkey.substr(id + 10);
  for (const std::string& bad : {std::string(), std::string("name"), std::string("name+12345678"),
                                 wrong_id, other_type, vkey + "=", vkey + "AAAA", " " + vkey,
                                 vkey.substr(0, id) + "1234567" + vkey.substr(id + 8)})
    EXPECT_EQ(NoteVerifier::parse(bad).error().code, "NOTE-KEY") << bad;
}

TEST_F(SignedNote, RefusesTextThatNoNoteMayHold) {
  for (const char* bad : {"", "no line feed", "a\r\n", "tab\there\n", "\x01\n", "\xFF\n"})
    EXPECT_EQ(signer_.sign(bad).error().code, "NOTE-TEXT") << bad;
  EXPECT_EQ(signer_.sign(std::string("a\0b\n", 4)).error().code, "NOTE-TEXT");
}

TEST_F(SignedNote, RefusesCarriageReturns) {
  std::string crlf;
  for (const char c : note_)
    crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(open_code(crlf, known_), "NOTE-SYNTAX");
}

TEST_F(SignedNote, RefusesAnythingButSignatureLinesAtTheEnd) {
  for (const std::string& bad :
       {kText, kText + "\n", note_ + "Unexpected line.\n", note_ + "\n",
        note_.substr(0, note_.size() - 1), kText + "\n- " + line_.substr(4),
        kText + "\n\xE2\x80\x94 example.com/log\n", kText + "\n\xE2\x80\x94 example.com/log AAAA\n",
        kText + "\n\xE2\x80\x94 example.com/log not*base64==\n"})
    EXPECT_EQ(open_code(bad, known_), "NOTE-SYNTAX") << bad;
}

TEST_F(SignedNote, RefusesAChangedText) {
  std::string changed = note_;
  changed[0] = 'b';
  EXPECT_EQ(open_code(changed, known_), "NOTE-SIGNATURE");
}

TEST_F(SignedNote, RefusesAWrongSignatureOfAKnownKeyDespiteAGoodOne) {
  const NoteSigner second = signer("second");
  const std::vector<NoteVerifier> both{known_[0], second.verifier()};
  const std::string elsewhere = *second.sign("other text\n");
  const std::string stray = elsewhere.substr(std::string("other text\n\n").size());
  EXPECT_EQ(open_code(note_ + stray, both), "NOTE-SIGNATURE");
}

TEST_F(SignedNote, RefusesTwoSignaturesByOneKey) {
  EXPECT_EQ(open_code(note_ + line_, known_), "NOTE-SYNTAX");
}

TEST_F(SignedNote, RefusesTheSameNameAndKeyIdWithAnotherKey) {
  const NoteSigner stranger = signer();
  const std::string forged = *stranger.sign(kText);
  const Bytes blob = *codec::from_base64(std::string_view(forged).substr(
      forged.rfind(' ') + 1, forged.size() - forged.rfind(' ') - 2));
  Bytes stolen_id = to_bytes(ByteView(known_[0].key_id()));
  append(stolen_id, ByteView(blob).subspan(4));
  EXPECT_EQ(
      open_code(kText + "\n\xE2\x80\x94 example.com/log " + codec::to_base64(stolen_id) + "\n",
                known_),
      "NOTE-SIGNATURE");
  EXPECT_EQ(open_code(forged, known_), "NOTE-UNSIGNED") << "its own key id is not known";
}

TEST_F(SignedNote, RefusesANoteByNobodyKnown) {
  EXPECT_EQ(open_code(note_, {}), "NOTE-UNSIGNED");
  const std::vector<NoteVerifier> others{signer("other").verifier()};
  EXPECT_EQ(open_code(note_, others), "NOTE-UNSIGNED");
}

TEST_F(SignedNote, RefusesToChooseBetweenTwoKnownKeysOfOneNameAndId) {
  const std::vector<NoteVerifier> twice{known_[0], known_[0]};
  EXPECT_EQ(open_code(note_, twice), "NOTE-KEY");
}

TEST_F(SignedNote, RefusesMoreThanAHundredSignatures) {
  std::string many = note_;
  for (int i = 0; i < 99; ++i)
    many += "\xE2\x80\x94 stranger" + std::to_string(i) + " AAAAAAAA\n";
  EXPECT_EQ(open_code(many, known_), "opened");
  EXPECT_EQ(open_code(many + "\xE2\x80\x94 one-more AAAAAAAA\n", known_), "NOTE-SYNTAX");
}

TEST_F(SignedNote, OpensWhatItSigned) {
  EXPECT_EQ(open_note(note_, known_), kText);
  const auto parsed = NoteVerifier::parse(known_[0].vkey());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->vkey(), known_[0].vkey());
  EXPECT_EQ(open_note(note_, std::span(&*parsed, 1)), kText);
}

TEST_F(SignedNote, PassesOverSignaturesByStrangers) {
  const std::string theirs = *signer("stranger").sign(kText);
  EXPECT_EQ(open_note(theirs + line_, known_), kText);
}

TEST_F(SignedNote, KeepsBlankLinesInTheText) {
  const std::string text = "a\n\n\nb\n\n";
  EXPECT_EQ(open_note(*signer_.sign(text), known_), text);
}

}  // namespace
}  // namespace vedette::ledger
