"""The words of generated tables in Korean."""

from __future__ import annotations

__all__ = ["in_korean"]

_WORDS = {
    "system": "시스템",
    "what it is": "정의",
    "takes": "다루는 값",
    "answers": "답하는 동사",
    "parameters on digits": "digits에서의 매개변수 수",
    "all": "전부",
    "All": "전부",
    "all but": "다음 외 전부:",
    "any values": "모든 값",
    "discrete": "이산",
    "real": "실수",
    "mixed": "혼합",
    "fixed length": "고정 길이",
    "image": "이미지",
    "Fully independent variables": "완전 독립 변수",
    "Markov chain AR(m), by table": "표로 나타낸 마르코프 연쇄 AR(m)",
    "Full joint table": "전체 결합 확률표",
    "one number for every configuration: Kⁿ − 1 of them": "모든 배치마다 수 하나, 모두 Kⁿ − 1개",
    "Fully visible sigmoid belief net": "완전 가시 시그모이드 신념망",
    "Untied NADE: one small network for every conditional": (
        "가중치를 공유하지 않는 NADE: 조건부 분포마다 작은 신경망 하나"
    ),
    "Neural autoregressive distribution estimator": "신경망 자기회귀 분포 추정기",
    "NADE over K symbols, each shown one-hot": "K개 기호의 NADE, 원-핫 입력",
    "Real-valued NADE: a mixture of Gaussians for every conditional": (
        "실숫값 NADE: 조건부 분포마다 가우스 혼합"
    ),
    "Masked autoencoder for distribution estimation": "분포 추정을 위한 마스크 오토인코더",
    "MADE whose masks follow the order it is told, for every order at once": (
        "주어진 순서를 따르는 마스크의 MADE, 모든 순서를 한꺼번에"
    ),
    "Deep orderless NADE, for every order at once": "심층 무순서 NADE, 모든 순서를 한꺼번에",
    "Recurrent network": "순환 신경망",
    "Long short-term memory": "장단기 기억(LSTM)",
    "Gated recurrent network": "게이트 순환 신경망",
    "Recurrent network with attention over its own past states": (
        "자신의 과거 상태에 어텐션을 두는 순환 신경망"
    ),
    "Causal Transformer": "인과적 트랜스포머",
    "softmax(Q Kᵀ / √d) V over the steps before, then a perceptron, layer by layer": (
        "이전 단계에 대한 softmax(Q Kᵀ / √d) V, 이어서 퍼셉트론, 층마다 반복"
    ),
    "WaveNet: gated dilated causal convolutions": "WaveNet: 게이트가 있는 팽창 인과 합성곱",
    "z = tanh(W_f ∗ x) · σ(W_g ∗ x), dilations 1, 2, 4 …": (
        "z = tanh(W_f ∗ x) · σ(W_g ∗ x), 팽창 1, 2, 4 …"
    ),
    "Transformer that is told which variable is asked for next: every order at once": (
        "다음에 묻는 변수를 알려 주는 트랜스포머: 모든 순서를 한꺼번에"
    ),
    "a Transformer over pairs (value seen and whose it is, variable asked for)": (
        "(본 값과 그 변수, 묻는 변수) 쌍에 대한 트랜스포머"
    ),
    "PixelRNN with Row LSTM": "Row LSTM을 쓰는 PixelRNN",
    "PixelRNN with Diagonal BiLSTM": "Diagonal BiLSTM을 쓰는 PixelRNN",
    "LSTMs along both diagonals, the right one shifted down a row: all pixels before": (
        "두 대각선을 따르는 LSTM, 오른쪽 것은 한 행 아래로: 앞선 모든 픽셀"
    ),
    "masked convolutions over the pixels above and to the left, R → G → B in a pixel": (
        "위쪽과 왼쪽 픽셀에 대한 마스크 합성곱, 픽셀 안에서는 R → G → B"
    ),
    "PixelSNAIL: convolutions and attention over an image": (
        "PixelSNAIL: 이미지 위의 합성곱과 어텐션"
    ),
    "Autoencoder": "오토인코더",
    "Variational autoencoder": "변분 오토인코더",
    "digits, bits: nats": "digits, 이진: 내트",
    "digits, 17 levels: nats": "digits, 17단계: 내트",
    "static MNIST: nats": "정적 이진 MNIST: 내트",
    "tinyshakespeare: nats a character": "tinyshakespeare: 문자당 내트",
    "spoken digits: bits a sample": "음성 숫자: 표본당 비트",
    "RGB tiles: bits a value": "RGB 타일: 값당 비트",
    "red wine: ln p": "레드 와인: ln p",
    "Parkinsons: ln p": "파킨슨: ln p",
    "not run": "미실행",
    "given the class": "클래스 조건부",
    "one epoch": "1 에폭",
}


def in_korean(words: str) -> str:
    """English words of a table -> Korean ones; formulas and names, which have none, as they are."""
    number, _, rest = words.partition(" ")
    if number.isdigit() and rest == "orders":
        return f"순서 {number}개"
    if rest in ("rows", "test rows"):
        return f"시험 {number}행" if rest == "test rows" else f"{number}행"
    return _WORDS.get(words, words)
