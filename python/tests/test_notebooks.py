import json
import os
import tempfile
import unittest

import numpy as np

from tests import notebooks


class Notebooks(unittest.TestCase):
    def run_through(self, name):
        with tempfile.TemporaryDirectory(prefix="ilqr-vae-notebook-") as folder:
            return notebooks.run(notebooks.FOLDER / name, folder)

    def test_first_fit(self):
        found = self.run_through("1-first-fit.ipynb")
        self.assertEqual(found["rates"].shape, (100, 40))
        self.assertGreater(found["scores"].log_evidence, found["scores"].null_log_likelihood)

    def test_own_data_to_decoded_behaviour(self):
        found = self.run_through("2-own-data-decoding.ipynb")
        self.assertGreater(found["scores"].groups.velocity.r2, 0.5)
        self.assertTrue(found["decoded"].calibrated)
        self.assertGreater(found["held"], 0.75)
        self.assertEqual(len(found["losses"]), 80)

    def test_inputs_and_fixed_points(self):
        found = self.run_through("3-inputs-and-fixed-points.ipynb")
        self.assertLess(found["difference"], 1e-9)
        self.assertGreater(len(found["points"]), 0)
        np.testing.assert_allclose(found["dynamics"].step(found["points"].states), found["points"].states, atol=1e-7)

    def test_no_outputs_are_stored(self):
        files = sorted(notebooks.FOLDER.glob("*.ipynb"))
        self.assertEqual(len(files), 3)
        for file in files:
            for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
                self.assertFalse(cell.get("outputs"))
            self.assertLess(os.path.getsize(file), 20_000)


if __name__ == "__main__":
    unittest.main()
