import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import unittest
from pathlib import Path

import numpy as np

import ilqr_vae
from ilqr_vae import IlqrVaeError, InputError, Posterior, ProgramNotFound, Recording, RunFailed, Scores, call_json
from ilqr_vae.program import options
from tests.common import BIN_WIDTH, BINS, TRIALS, UNITS, arrays, needs, posterior, recording, scratch, trained


class Training(unittest.TestCase):
    def test_keywords_are_keys_of_the_configuration(self):
        run = ilqr_vae.train(
            recording(), {"training": {"batch": 4}}, states=3, inputs=1, dynamics={"kind": "linear", "stable": False}, prior="gaussian", seed=7, precision="single", iterations=2,
            learning_rate=0.005, hide=[{"kind": "channels", "share": 0.5}], posterior={"input_deviation": 0.2}, progress=False, output=scratch("keywords"))
        found = run.configuration
        self.assertEqual((found["model"]["states"], found["model"]["inputs"], found["seed"], found["precision"]), (3, 1, 7, "single"))
        self.assertEqual((found["model"]["dynamics"]["kind"], found["model"]["dynamics"]["stable"], found["model"]["prior"]["kind"]), ("linear", False, "gaussian"))
        self.assertEqual((found["training"]["batch"], found["training"]["learning-rate"], found["training"]["iterations"]), (4, 0.005, 2))
        self.assertEqual(found["training"]["hide"][0]["share"], 0.5)
        self.assertEqual(found["posterior"]["input-deviation"], 0.2)

    def test_keywords_are_set_on_top_of_a_file(self):
        file = scratch("config.yaml")
        file.write_text("data: elsewhere.h5\nmodel:\n  states: 2\n  inputs: 1\n  dynamics: {kind: linear}\ntraining:\n  iterations: 9\n")
        run = ilqr_vae.train(recording(), file, iterations=2, progress=False, output=scratch("by-file"))
        self.assertEqual((run.configuration["model"]["states"], run.result.iterations), (2, 2))
        run = ilqr_vae.train(recording(), file, states=3, iterations=1, learning_rate=0.02, hide=[{"kind": "channels", "share": 0.25}], seed=4, progress=False, output=scratch("by-file-2"))
        found = run.configuration
        self.assertEqual((found["model"]["states"], found["model"]["inputs"], found["model"]["dynamics"]["kind"], found["seed"]), (3, 1, "linear", 4))
        self.assertEqual((found["training"]["learning-rate"], found["training"]["hide"][0]["share"]), (0.02, 0.25))
        with self.assertRaisesRegex(InputError, "did you mean 'iterations'"):
            ilqr_vae.train(recording(), file, iteratoins=3, output=scratch("by-file-3"))

    def test_callbacks_see_every_update_and_may_stop(self):
        seen = []
        run = ilqr_vae.train(recording(), states=3, inputs=1, iterations=5, progress=False, output=scratch("called"), callbacks=[seen.append])
        self.assertEqual([record["iteration"] for record in seen], [1, 2, 3, 4, 5])
        np.testing.assert_allclose([record["loss"] for record in seen], run.history["loss"])
        stopped = ilqr_vae.train(recording(), states=3, inputs=1, iterations=100000, progress=False, output=scratch("stopped"), callbacks=[lambda record: record["iteration"] >= 3])
        self.assertLess(stopped.result.iterations, 100000)
        self.assertEqual(stopped.result.end, "interrupted")
        again = []
        on = stopped.resume(progress=False, callbacks=[lambda record: again.append(record["iteration"]) or len(again) >= 2])
        self.assertEqual(again[0], stopped.result.iterations + 1)
        self.assertGreater(on.result.iterations, stopped.result.iterations)

    def test_a_pause_changes_nothing(self):
        whole = trained()
        part = ilqr_vae.train(
            recording(), whole_configuration(whole), output=scratch("paused"), stop_after=2, progress=False)
        self.assertEqual(part.result.iterations, 2)
        on = part.resume(progress=False)
        self.assertEqual(on.result.iterations, 4)
        for name, value in whole.parameters.items():
            np.testing.assert_array_equal(on.parameters[name], value)

    def test_a_run_is_replaced_only_on_request_and_nothing_is_left_of_a_refusal(self):
        counts = Recording.from_arrays(arrays()[0], BIN_WIDTH)
        folder = scratch("once")
        ilqr_vae.train(counts, states=2, inputs=1, iterations=1, progress=False, output=folder)
        before = (folder / "recording.npz").read_bytes()
        other = Recording.from_arrays(arrays()[0][:, ::-1], BIN_WIDTH)
        with self.assertRaisesRegex(InputError, "force"):
            ilqr_vae.train(other, states=2, inputs=1, iterations=1, progress=False, output=folder)
        self.assertEqual((folder / "recording.npz").read_bytes(), before)
        with self.assertRaisesRegex(InputError, "there is no key 'itterations' in 'training'; did you mean 'iterations'"):
            ilqr_vae.train(Recording.from_arrays(arrays()[0], BIN_WIDTH), itterations=3, output=scratch("refused"))
        self.assertFalse(scratch("refused").exists())
        ilqr_vae.train(other, states=3, inputs=1, iterations=1, progress=False, output=folder, force=True)
        self.assertEqual(ilqr_vae.Run(folder).configuration["model"]["states"], 3)

    def test_fit_needs_no_configuration(self):
        run = ilqr_vae.fit(recording(), minutes=0.02, output=scratch("fitted"), baselines=False, progress=False, seed=3)
        self.assertEqual(run.configuration["seed"], 3)
        self.assertIn("attempts", run.result)
        self.assertEqual(run.groups, ["spikes", "velocity"])

    def test_the_state_is_kept_when_interrupted(self):
        script = textwrap.dedent("""
            import sys, ilqr_vae
            recording = ilqr_vae.Recording.from_dataset(sys.argv[1])
            try:
                ilqr_vae.train(recording, states=3, inputs=1, iterations=100000, output=sys.argv[2], progress=False, callbacks=[lambda record: print(record["iteration"], flush=True)])
            except ilqr_vae.Interrupted as interrupted:
                run = interrupted.run.resume(progress=False, iterations=None, callbacks=[lambda record: True])
                print("resumed", interrupted, run.result.iterations, flush=True)
            """)
        folder = scratch("interrupted")
        # As a terminal does it: the signal goes to the whole group.
        with subprocess.Popen([sys.executable, "-c", script, str(recording().save(scratch("for-interrupt.h5"), force=True)), str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, start_new_session=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}) as process:
            self.assertTrue(process.stdout.readline().strip().isdigit())
            os.killpg(process.pid, signal.SIGINT)
            printed, said = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, said)
        self.assertRegex(printed, r"resumed stopped at iteration \d+, everything saved; continue with: ilqr-vae train .* --resume \d+")
        self.assertGreater(len(ilqr_vae.Run(folder).history["loss"]), 1)

    def test_nothing_runs_on_behind_a_callback_that_fails(self):
        def fail(record):
            raise ZeroDivisionError

        with self.assertRaises(ZeroDivisionError):
            ilqr_vae.train(recording(), states=3, inputs=1, iterations=100000, progress=False, output=scratch("failing"), callbacks=[fail])
        lines = len((scratch("failing") / "history.csv").read_text().splitlines())
        time.sleep(1)
        self.assertEqual(len((scratch("failing") / "history.csv").read_text().splitlines()), lines)


def whole_configuration(run):
    found = run.configuration
    del found["data"]
    return found


class Inference(unittest.TestCase):
    def test_gives_arrays_a_trial(self):
        found = posterior()
        self.assertEqual((len(found), found.names), (3, ["trial-009", "trial-010", "trial-011"]))
        self.assertEqual((found["spikes"].mean[0].shape, found.states.mean["trial-010"].shape, found.inputs.deviation[2].shape), ((BINS, UNITS), (BINS, 4), (BINS, 2)))
        self.assertEqual((found["spikes"].unit, found["velocity"].unit), ("Hz", "cm/s"))
        self.assertEqual((found["spikes"].hidden, found["velocity"].hidden), (False, True))
        self.assertEqual(found.samples.states[1].shape, (3, BINS, 4))
        self.assertEqual(found.samples.log_weight.shape, (3, 3))
        self.assertTrue(np.isnan(found.inputs.deviation[1][-1]).all() and not np.isnan(found.inputs.deviation[1][:-1]).any())
        np.testing.assert_allclose(found.initial_state[0][1], found.states.mean[1][0])
        self.assertTrue(found.converged.all())
        self.assertTrue(np.isfinite(found.log_evidence).all())

    def test_rates_follow_the_counts(self):
        # A permutation of units, trials or bins would destroy this.
        run = trained("linear", iterations=60)
        rates = run.infer(recording(), split="test", progress=False)["spikes"].mean.stack() * BIN_WIDTH
        counts = arrays()[0][9:]
        self.assertGreater(np.corrcoef(rates.mean(axis=(0, 1)), counts.mean(axis=(0, 1)))[0, 1], 0.98)
        self.assertGreater(np.corrcoef(rates.ravel(), counts.ravel())[0, 1], 0.5)

    def test_intervals_are_those_of_the_file(self):
        found = posterior()
        velocity = found["velocity"]
        lower, upper = velocity.interval(0.9)
        np.testing.assert_allclose((lower.table + upper.table) / 2, velocity.mean.table, atol=1e-9)
        np.testing.assert_allclose(upper.table - lower.table, 2 * 1.6448536 * velocity.predictive_deviation.table, rtol=1e-6)
        wide, narrow = velocity.interval(0.95), velocity.interval(0.5)
        self.assertTrue((wide[1].table > narrow[1].table).all())
        lower, upper = found["spikes"].interval(0.95)
        self.assertTrue((lower.table >= 0).all() and (upper.table >= lower.table).all() and (upper.table == np.round(upper.table)).all())
        self.assertGreater(np.mean((arrays()[0][9:].reshape(-1, UNITS) <= upper.table)), 0.9)
        # Of values there are half-widths of more levels, from 10 to 99 %.
        lower, upper = velocity.interval(0.8)
        np.testing.assert_allclose((upper.table - lower.table) / velocity.predictive_deviation.table, 2 * 1.2815516, rtol=1e-6)
        np.testing.assert_allclose((lower.table + upper.table) / 2, velocity.mean.table, atol=1e-9)
        self.assertIn(0.8, velocity.levels)
        with self.assertRaisesRegex(InputError, "no intervals of level 0.42; there are"):
            found["spikes"].interval(0.42)

    def test_options_are_passed_on(self):
        seen = trained().infer(recording(), split="test", progress=False)
        self.assertFalse(seen["velocity"].hidden)
        self.assertIsNone(seen.samples)
        self.assertGreater(np.abs(seen.states.mean.table - posterior().states.mean.table).max(), 1e-6)
        self.assertEqual(len(trained().infer(recording(), split="validation", progress=False)), 1)
        one, two = (trained().infer(recording(), split="validation", draws=2, seed=seed, progress=False).samples.states.table for seed in (1, 2))
        self.assertGreater(np.abs(one - two).max(), 0)
        with self.assertRaisesRegex(InputError, "nothing"):
            trained().infer(recording(), hide="nothing", progress=False)

    @needs("h5py")
    def test_a_kept_file_is_the_same_in_every_format(self):
        run = trained()
        for name in ("kept.h5", "kept.npz"):
            found = run.infer(recording(), split="test", hide="velocity", save=scratch(name), progress=False)
            np.testing.assert_array_equal(found["velocity"].mean.table, posterior()["velocity"].mean.table)
            self.assertEqual(Posterior(scratch(name)).names, posterior().names)
            self.assertEqual(Posterior(scratch(name))["velocity"].hidden, True)
        with self.assertRaisesRegex(InputError, "--force"):
            run.infer(recording(), save=scratch("kept.h5"), progress=False)
        with self.assertRaisesRegex(InputError, "no posterior file"):
            Posterior(recording().save(scratch("dataset.npz"), force=True))

    @needs("pandas")
    def test_as_a_data_frame(self):
        frame = posterior().to_dataframe()
        np.testing.assert_array_equal(frame["spikes", "mean"].to_numpy(), posterior()["spikes"].mean.table)
        np.testing.assert_array_equal(frame.loc["trial-010"]["states", "deviation"].to_numpy(), posterior().states.deviation[1])
        self.assertEqual(frame.index.names, ["trial", "bin"])

    @needs("xarray")
    def test_as_an_xarray_dataset(self):
        found = posterior().to_xarray()
        np.testing.assert_array_equal(found["spikes"].values, posterior()["spikes"].mean.table)
        np.testing.assert_array_equal(found["states"].sel(row=found["trial"] == "trial-011").values, posterior().states.mean[2])
        self.assertEqual((found["spikes"].attrs["unit"], float(found["time"][1])), ("Hz", BIN_WIDTH))
        self.assertEqual(found["velocity_deviation"].dims, ("row", "velocity_channel"))


class Evaluation(unittest.TestCase):
    def test_scores_are_those_of_the_program(self):
        scores = trained().evaluate(recording(), split="test", hide=["velocity"], progress=False)
        told = call_json("evaluate", trained().path, data=recording().file(), split="test", hide="velocity")
        self.assertEqual(scores.elbo, told["elbo"])
        self.assertEqual(scores["groups.velocity.r2"], told["groups"]["velocity"]["r2"])
        self.assertTrue(scores.groups.velocity.hidden)
        self.assertIn("groups.spikes.bits_per_spike", scores.flat())
        self.assertIn("log_evidence", scores._repr_html_())
        # By hand, with what infer gives: R2 over bins, the mean of the columns.
        decoded, truth = posterior()["velocity"].mean.stack().reshape(-1, 2), arrays()[1][9:].reshape(-1, 2)
        by_hand = 1 - ((decoded - truth) ** 2).sum(axis=0) / ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
        self.assertAlmostEqual(by_hand.mean(), scores.groups.velocity.r2, 9)

    def test_options_are_passed_on(self):
        scores = trained().evaluate(recording(), split="test", forecast=5, draws=4, gap=["10:12", "spikes:14:16"], progress=False)
        self.assertIn("forecast", scores)
        self.assertIn("gap", scores)
        with self.assertRaises(AttributeError):
            scores.nothing  # noqa: B018
        with self.assertRaisesRegex(KeyError, "there are"):
            scores["nothing"]

    def test_calibration_is_used_from_then_on(self):
        run = ilqr_vae.train(recording(), states=3, inputs=1, iterations=2, progress=False, output=scratch("calibrated"))
        run.calibrate(recording(), hide="velocity", progress=False)
        found = run.infer(recording(), split="test", hide="velocity", progress=False)
        self.assertTrue(found["velocity"].calibrated)
        self.assertFalse(run.infer(recording(), split="test", hide="velocity", uncalibrated=True, progress=False)["velocity"].calibrated)

    def test_figures_are_pictures(self):
        found = trained().figures(recording(), scratch("figures"), split="test", hide="velocity", progress=False)
        self.assertIn("found", found)
        self.assertEqual(found["found"]._repr_png_()[:4], b"\x89PNG")

    def test_a_report_or_a_word_that_there_is_none(self):
        try:
            page = trained().report(recording(), progress=False)
        except IlqrVaeError as error:
            self.assertIn("no command 'report'", str(error))
            self.skipTest("this program has no command 'report'")
        self.assertIn("<iframe", page._repr_html_())


class Programs(unittest.TestCase):
    def setUp(self):
        self.before = os.environ.get("ILQR_VAE_PROGRAM")

    def tearDown(self):
        os.environ.pop("ILQR_VAE_PROGRAM", None)
        if self.before is not None:
            os.environ["ILQR_VAE_PROGRAM"] = self.before

    def pretend(self, script):
        file = scratch(f"program-{abs(hash(script))}")
        file.write_text("#!/bin/sh\n" + script)
        file.chmod(0o755)
        os.environ["ILQR_VAE_PROGRAM"] = str(file)

    def test_what_is_named_comes_first(self):
        self.pretend("echo '{}'")
        self.assertEqual(ilqr_vae.find_program(), [os.environ["ILQR_VAE_PROGRAM"]])
        os.environ["ILQR_VAE_PROGRAM"] = str(scratch("nothing"))
        with self.assertRaisesRegex(ProgramNotFound, "where there is no file"):
            ilqr_vae.find_program()

    def test_exit_codes_are_exceptions_with_the_last_line(self):
        self.pretend("echo a remark >&2; echo it is wrong >&2; exit 2")
        with self.assertRaisesRegex(InputError, "^it is wrong$"):
            call_json("inspect", "x")
        self.pretend("echo it broke >&2; exit 1")
        with self.assertRaisesRegex(RunFailed, "^it broke$"):
            call_json("inspect", "x")
        self.pretend("kill -9 $$")
        with self.assertRaisesRegex(RunFailed, "signal 9|nothing"):
            call_json("inspect", "x")
        self.pretend("echo no json")
        with self.assertRaisesRegex(RunFailed, "printed no JSON"):
            call_json("inspect", "x")

    def test_much_output_blocks_nothing(self):
        self.pretend("i=0; while [ $i -lt 20000 ]; do echo a remark of some length in line $i >&2; i=$((i+1)); done; echo '{\"a\": 1}'")
        done = []
        thread = threading.Thread(target=lambda: done.append(call_json("inspect", "x")))
        thread.start()
        thread.join(60)
        self.assertEqual(done, [{"a": 1}])

    def test_keywords_become_options(self):
        self.assertEqual(options({"window": (-0.25, 0.45), "gap": ["1:2", "3:4"], "force": False, "json": True, "minutes": np.float64(0.1), "from_": Path("run")}),
                         ["--window=-0.25..0.45", "--gap=1:2", "--gap=3:4", "--json", "--minutes=0.1", "--from=run"])

    def test_scores_find_groups_with_dots(self):
        scores = Scores({"groups": {"a.b": {"r2": 0.5}}})
        self.assertEqual(scores["groups.a.b.r2"], 0.5)
        self.assertEqual(TRIALS, 12)


if __name__ == "__main__":
    unittest.main()
