"""What people call the columns of tables of texts, in several languages; beside tables/headings.py, of any table."""

from __future__ import annotations

from core.importing.tables.headings import LABELS, TARGETS, WEAK_TARGETS, key_of


def _keys(words: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(key_of, words.split())))


_TEXTS = """
text texts sentence review_text reviewtext review review_body body content message tweet tweet_text comment comment_text
comment_body utterance full_text fulltext document passage paragraph post article abstract statement claim feedback
transcript complaint request ticket email mail news lyrics headline summary caption query question prompt input sms msg
clean_text cleaned_text texts raw_text text_raw verbatim narrative answer_text selftext phrase sent doc response
description title subject notes note answer v2
satz nachricht kommentar rezension beitrag inhalt beschreibung titel ueberschrift überschrift frage anfrage aussage
betreff freitext bewertungstext meldung artikel
texte phrase avis commentaire contenu titre resume texto frase oracion reseña comentario contenido titulo mensaje
opinion resenha conteudo mensagem testo recensione commento contenuto messaggio tekst zin bericht reactie recensie
zdanie recenzja komentarz opis wiadomosc wypowiedz metin cumle yorum mesaj mening recension kommentti teksti szoveg
vélemény
текст предложение отзыв комментарий сообщение содержание заголовок вопрос новость высказывание
文本 内容 句子 评论 评价 正文 标题 问题 描述 文字 微博 テキスト 文 本文 文章 レビュー コメント 内容 発話 質問
텍스트 문장 리뷰 내용 댓글 본문 document 质问 نص النص نظر متن van_ban noi_dung câu วัน ข้อความ रिव्यू पाठ
"""
TEXTS = _keys(_TEXTS)
_PAIRS = """
sentence1 sentence2, sentence_1 sentence_2, sentence_a sentence_b, sent1 sent2, premise hypothesis, question1 question2,
question_1 question_2, text1 text2, text_1 text_2, text_a text_b, texta textb, s1 s2, q1 q2, query passage,
query document, query doc, query response, question answer, question passage, question sentence, question context,
question response, context question, claim evidence, anchor positive, source target, string1 string2, phrase1 phrase2,
satz1 satz2, satz_1 satz_2, text1 text2, praemisse hypothese, prämisse hypothese, frage antwort, frage1 frage2,
phrase1 phrase2, premisse hypothese, question reponse, frase1 frase2, premisa hipotesis, pregunta respuesta,
premessa ipotesi, domanda risposta, premissa hipotese, pergunta resposta, предложение1 предложение2, посылка гипотеза,
вопрос ответ, 句子1 句子2, 前提 假设, 问题 答案, 文1 文2, 前提 仮説, 質問 回答, 전제 가설, 질문 답변, sent_a sent_b
"""
PAIRS = tuple(
    (key_of(first), key_of(second)) for pair in _PAIRS.split(",") for first, second in [pair.strip().split(" ")]
)
_ANSWERS = """
gold_label sentiment polarity is_duplicate duplicate intent emotion topic stance verdict stars star_rating rating
airline_sentiment spam is_spam toxic toxicity hate is_toxic sarcasm is_sarcastic department recommended relevance
relevant similarity similarity_score entailment judgement judgment priority urgency genre section lang language topics
intents emotions sentiments feeling mood tone humor is_humor offensive subtask_a helpful classification group_name area
division queue reason_code outcome fake is_fake insincere labels_text class_index score overall reviewrating
review_rating v1 stimmung gefühl gefuehl thema absicht abteilung bewertung sternen sterne ton wertung dringlichkeit
prioritaet sprache rubrik ressort sujet theme sentimento sentimiento emocion tema argomento emozione intencion
polaridad polaridade categorie sentimento_label langue idioma lingua note duygu konu tonalite тональность тема эмоция
оценка категория рубрика класс
情感 情绪 主题 话题 意图 标签 类别 分类 评分 星级 感情 トピック 評価 ラベル カテゴリ 감정 감성 주제 의도 평점
"""
ANSWERS = tuple(
    dict.fromkeys((*map(key_of, LABELS[:6]), *_keys(_ANSWERS), *map(key_of, (*LABELS, *TARGETS, *WEAK_TARGETS))))
)
_SCALES = """
stars star_rating rating ratings score scores overall review_rating reviewrating bewertung sterne note wertung grade
valoracion puntuacion avaliacao nota voto estrellas étoiles etoiles оценка рейтинг 评分 星级 評価 평점 stars_review
"""
SCALES = frozenset(_keys(_SCALES))  # of a few steps: classes, or a number
GROUPS = (
    *("user", "user_id", "userid", "author", "author_id", "speaker", "speaker_id", "conversation_id", "dialogue_id"),
    *("thread_id", "doc_id", "document_id", "session_id", "customer_id", "reviewer_id", "autor", "verfasser", "kunde"),
)
_KEY_WORDS = "id ids qid qid1 qid2 uid uuid guid index idx unnamed key hash nr no number row rownum pairid"
KEY_WORDS = frozenset(_KEY_WORDS.split())
