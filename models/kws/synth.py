# SPDX-License-Identifier: Apache-2.0
"""Speak the words: espeak-ng and flite in many voices to a bank of utterances at 16 kHz."""
import argparse
import io
import os
import pathlib
import subprocess
import wave
from concurrent import futures

import numpy as np
from scipy import signal

RATE = 16000
SEED = 7
LABELS = ["down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes", "silence",
          "unknown"]
KEYWORDS = LABELS[:10]
UNKNOWN = LABELS.index("unknown")

ACCENTS = ["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbcwmd", "en-029",
           "en-us-nyc"]
HELD_ACCENT = "en-gb-x-gbclan"
VARIANTS = """Alex Alicia Andrea Andy Annie AnxiousAndy Denis Diogo Gene Gene2 Henrique Hugo Jacky
    Lee Marco Mario Michael Mike Nguyen RicishayMax RicishayMax2 RicishayMax3 Storm Tweaky anika
    anikaRobot announcer antonio aunty belinda benjamin caleb croak david edward edward2 f1 f2 f3
    f4 fast grandma grandpa gustave iven iven2 iven3 john kaukovalta klatt klatt2 klatt4 klatt5
    klatt6 m1 m2 m3 m4 m5 m6 m7 marcelo max michel miguel norbert pablo paul pedro quincy rob
    robert sandro steph2 steph3 travis victor whisper zac""".split()
HELD_VARIANTS = ["f5", "m8", "klatt3", "adam", "boris", "ed", "iven4", "linda", "shelby", "steph",
                 "whisperf"]
FLITE = ["awb", "rms", "slt"]
HELD_FLITE = ["kal16"]

# Languages whose spelling gives a foreign accent to the respelled words.
FOREIGN = ["de", "nl", "pl", "fi", "sv", "cs", "hu", "eo", "da", "es", "tr", "id", "sw", "pt",
           "it", "ro"]
RESPELLED = {"down": "daun", "go": "gou", "left": "left", "no": "nou", "off": "of", "on": "on",
             "right": "rait", "stop": "stop", "up": "ap", "yes": "jes"}
WRITES_Y = {"es", "tr", "id", "sw"}
WRITES_I = {"pt", "it", "ro"}

# Words that are none of the ten: digits, everyday words, and many that resemble the ten.
OTHERS = """zero one two three four five six seven eight nine bed bird cat dog happy house marvin
    sheila tree wow backward forward follow learn visual
    town dawn gown brown done don drown noun count doubt sound around crown loud
    goat goal ghost good gold ago got gum girl game goose cold coat
    lift loft laughed let less lend lamp leaf lip belt
    new not none nope nose note near nice knee null nil low toe doe row bow show though
    coffee cough often awful office oft loss all law doff soft
    own in an and won gone honest arm orange odd
    light ride rice white night bright rat red road rise bite kite
    step top shop stock stomp star still spot state start store strap chop
    cup app hub us ugh pup cut but other under apple oven supper uncle
    yet yeah guess chess yellow year young nest mess press dress
    hello computer music light lamp kitchen window water garden open close play pause next volume
    louder quiet weather monday tuesday friday summer winter morning evening table chair paper
    pencil school teacher doctor people money market bread butter cheese sugar salt sister brother
    mother father children banana lemon potato tomato river mountain island forest flower animal
    horse sheep monkey tiger engine wheel bicycle train station ticket travel camera picture
    message number letter minute second hour today tomorrow never always maybe please thanks sorry
    welcome goodbye alarm timer reset cancel repeat faster slower bigger smaller green blue black
    purple silver hundred thousand channel radio phone call answer""".split()

# Of those and of more words, what differs from one of the ten in a sound or two: spoken more often.
ALIKE = """town dawn gown brown done don drown noun crown loud daunt dow dune dine den dam pawn
    goat goal ghost gold got goose goad grow glow guy coal goo gore toe bow low
    lift loft laughed let less lend deft theft heft lest leg lens leaf lapped
    new not none nope nose note near nice knee null nod known mow gnome nor now doe row
    cough often awful oft loss all law doff soft cuff moth ought odd fluff hoff
    own in an and won gone arm con john yawn un one swan
    light ride rice white night bright rat red rise bite kite ripe wide rye fight tight height might
    step top shop stock star spot strap chop stoop stuff stab swap slop stalk stuck stack scope
    cup app hub us pup cut but cub ebb op ape apt hop uncle abbot
    yet yeah guess chess yellow year nest mess press dress yell yep yak less us chest
    jest""".split()


def from_wav(data):
    """Mono samples at 16 kHz, trimmed to the part above a 300th of the peak; None when empty."""
    with wave.open(io.BytesIO(data)) as file:
        rate = file.getframerate()
        body = data[data.index(b"data") + 8:]
    pcm = np.frombuffer(body[:len(body) // 2 * 2], "<i2").astype(np.float64)
    if rate != RATE:
        common = np.gcd(rate, RATE)
        pcm = signal.resample_poly(pcm, RATE // common, rate // common)
    loud = np.flatnonzero(np.abs(pcm) > np.abs(pcm).max(initial=0) / 300)
    if len(loud) < RATE // 20:
        return None
    pcm = pcm[max(0, loud[0] - 160):loud[-1] + 320]
    return np.rint(pcm * (28000 / np.abs(pcm).max())).astype(np.int16)


def espeak(text, voice, speed, pitch):
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", text]
    return from_wav(subprocess.run(command, check=True, capture_output=True).stdout)


def flite(text, voice, stretch, mean, spread):
    command = ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch:.2f}",
               "--setf", f"int_f0_target_mean={mean:.0f}",
               "--setf", f"int_f0_target_stddev={spread:.0f}", "-t", text, "-o", "/dev/stdout"]
    return from_wav(subprocess.run(command, check=True, capture_output=True).stdout)


def respell(word, language):
    text = RESPELLED[word]
    if word == "yes":
        return "yes" if language in WRITES_Y else "ies" if language in WRITES_I else "jes"
    return text


def espeak_job(rng, word, voice, text=None):
    speed, pitch = int(rng.integers(95, 240)), int(rng.integers(10, 95))
    return word, voice, lambda: espeak(text or word, voice, speed, pitch)


def flite_job(rng, word, voice):
    stretch, mean, spread = rng.uniform(0.65, 1.5), rng.uniform(75, 240), rng.uniform(5, 40)
    return word, f"flite-{voice}", lambda: flite(word, voice, stretch, mean, spread)


def training_jobs(rng):
    for accent in ACCENTS:
        for variant in VARIANTS:
            for word in KEYWORDS * 2:
                yield espeak_job(rng, word, f"{accent}+{variant}")
    for language in FOREIGN:
        for variant in rng.choice(VARIANTS, 6, replace=False):
            for word in KEYWORDS:
                yield espeak_job(rng, word, f"{language}+{variant}", respell(word, language))
            for word in rng.choice(OTHERS, 15, replace=False):
                yield espeak_job(rng, str(word), f"{language}+{variant}")
    for voice in FLITE:
        for word in KEYWORDS * 40:
            yield flite_job(rng, word, voice)
        for word in OTHERS * 2:
            yield flite_job(rng, word, voice)
    for word in OTHERS * 20 + ALIKE * 40:
        yield espeak_job(rng, word, f"{rng.choice(ACCENTS)}+{rng.choice(VARIANTS)}")
    for voice in FLITE:
        for word in ALIKE * 4:
            yield flite_job(rng, word, voice)


def held_out_jobs(rng):
    """Voices that training has not heard: an accent in all variants, variants in all accents."""
    voices = [f"{HELD_ACCENT}+{v}" for v in rng.choice(VARIANTS, 20, replace=False)]
    voices += [f"{a}+{v}" for a in ACCENTS + [HELD_ACCENT] for v in HELD_VARIANTS]
    for voice in voices:
        for word in KEYWORDS + list(rng.choice(OTHERS, 2, replace=False)):
            yield espeak_job(rng, str(word), voice)
    for voice in HELD_FLITE:
        for word in KEYWORDS * 10 + list(rng.choice(OTHERS, 20, replace=False)):
            yield flite_job(rng, str(word), voice)


def collect(jobs):
    """Run the jobs; utterances back to back with their lengths, labels, words and voices."""
    jobs, audio, rows = list(jobs), [], []
    with futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        spoken = workers.map(lambda job: job[2](), jobs)
        for (word, voice, _), pcm in zip(jobs, spoken):
            if pcm is not None and len(pcm) <= 3 * RATE:
                label = KEYWORDS.index(word) if word in KEYWORDS else UNKNOWN
                audio.append(pcm)
                rows.append((len(pcm), label, word, voice))
    length, label, words, voices = zip(*rows)
    return {"audio": np.concatenate(audio), "length": np.array(length), "label": np.array(label),
            "word": np.array(words), "voice": np.array(voices)}


def main():
    parser = argparse.ArgumentParser(description="speak the training and held-out utterances")
    parser.add_argument("bank", type=pathlib.Path, help="folder for train.npz and held.npz")
    bank = parser.parse_args().bank
    bank.mkdir(parents=True, exist_ok=True)
    for name, jobs in (("held", held_out_jobs), ("train", training_jobs)):
        part = collect(jobs(np.random.default_rng(SEED)))
        np.savez(bank / f"{name}.npz", **part)
        print(f"{name}: {len(part['length'])} utterances, "
              f"{len(part['audio']) / RATE / 60:.0f} minutes, {len(set(part['voice']))} voices")


if __name__ == "__main__":
    main()
