using System.Text.Json;
using System.Text.RegularExpressions;
using IlqrVae.Data.Tests;

namespace IlqrVae.Cli.Tests;

/// <summary>Blocks of C#, Python and MATLAB in pages: the C# ones are compiled in the tests, the others run on small files, where there is what they need.</summary>
public sealed partial class DocumentedCode(PageFiles files) : IClassFixture<PageFiles>
{
    /// <summary>Blocks of this page are of the package in python/, and go on with each other's variables.</summary>
    private static readonly string[] OfThePackage = ["docs/python.md", "python/README.md"];

    /// <summary>What a block of MATLAB has to find.</summary>
    private const string Trials =
        """
        for n = 1:100
            counts{n} = double(rand(20, 6) < 0.3); velocity{n} = cumsum(randn(20, 2)); target(n) = mod(n, 3);
        end
        """;

    [Fact]
    public void Every_block_of_CSharp_is_compiled_in_the_tests()
    {
        var folders = new[] { "tests/IlqrVae.Tests/Examples", "tests/IlqrVae.Runs.Tests/Examples" };
        var sources = folders.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs")).Select(path => Plain(File.ReadAllText(path))).ToList();
        foreach (var (page, text) in Of("csharp"))
        {
            // A page has no namespace and no class around what stands in one, and its names lead to those of the file.
            var body = Plain(Usings().Replace(text, ""));
            Assert.True(sources.Exists(source => source.Contains(body, StringComparison.Ordinal)), $"{page}: no file of {string.Join(" or ", folders)} has\n{text}");
        }

        static string Plain(string text) => Space().Replace(text, " ").Trim();
    }

    [Fact]
    public void Blocks_of_Python_run_on_files_of_the_program()
    {
        using var line = new CommandLine();
        foreach (var name in (string[])["data.h5", "run", "posterior.h5"])
        {
            files.CopyTo(line, "any", name);
        }

        var blocks = Of("python").Where(block => !OfThePackage.Contains(block.Page, StringComparer.Ordinal)).ToList();
        Assert.True(blocks.Count >= 9, $"{blocks.Count} blocks");
        line.Must("calibrate", "@/run", "--data", "@/data.h5", "--hide", "velocity");
        line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/posterior.h5", "--force", "--hide", "velocity", "--intervals");
        line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/posterior.npz");
        line.Must("export", "@/posterior.h5", "-o", "@/session.nwb");
        line.Must("plot", "@/run", "raster", "-o", "@/trial.csv");
        line.Must("nlb", "predict", "@/run", "--data", "@/data.h5", "-o", "@/submission.h5");
        File.Copy(line["data.h5"], line["linear.h5"]);
        line.Must("simulate", "linear", "-o", "@/known.h5", "--trials", "4", "--bins", "12");
        line.Write("blocks.json", JsonSerializer.Serialize(blocks.Select(block => new[] { block.Page, block.Text })));
        var said = Readers.Python(
            "numpy, h5py",
            """
            import json, os, sys, unittest.mock
            os.chdir(sys.argv[1])
            for name in ("matplotlib", "pandas", "pynwb"):
                try:
                    __import__(name)
                except ImportError:
                    sys.modules[name] = unittest.mock.MagicMock()
                    sys.modules[name + ".pyplot"] = unittest.mock.MagicMock()
            if not isinstance(sys.modules["matplotlib"], unittest.mock.Mock):
                sys.modules["matplotlib"].use("agg")
            variables = {}
            page = None
            for place, text in json.load(open("blocks.json", encoding="utf-8")):
                variables = variables if place == page else {}
                page = place
                exec(compile(text, place, "exec"), variables)
                print("ran", place)
            """,
            line.Folder);
        Assert.Equal(blocks.Count, said.Split('\n').Count(one => one.StartsWith("ran ", StringComparison.Ordinal)));

        // What the page writes is a dataset.
        Assert.Contains("3 trials", line.Must("inspect", "@/data.h5"), StringComparison.Ordinal);
    }

    [Fact]
    public void Blocks_of_the_Python_package_run()
    {
        foreach (var page in OfThePackage)
        {
            using var line = new CommandLine();
            files.CopyTo(line, "any", "session.nwb");
            var blocks = Of("python").Where(block => block.Page == page).Select(block => block.Text.Replace("minutes=10", "minutes=0.01", StringComparison.Ordinal).Replace("iterations=1000", "iterations=3", StringComparison.Ordinal)
                .Replace("iterations=500", "iterations=3", StringComparison.Ordinal).Replace("[\"train\", \"train\", \"test\", ...]", "splits", StringComparison.Ordinal)).ToList();
            Assert.NotEmpty(blocks);
            line.Write("blocks.json", JsonSerializer.Serialize(blocks));
            Readers.Python(
                "numpy",
                """
                import importlib.util, json, os, sys, unittest.mock
                folder, package, program, page = sys.argv[1:]
                sys.path.insert(0, package)
                sys.dont_write_bytecode = True
                os.environ["ILQR_VAE_PROGRAM"] = program
                os.chdir(folder)
                import numpy as np
                random = np.random.default_rng(1)
                counts, velocity = random.poisson(0.3, (16, 30, 6)), random.normal(size=(16, 30, 2)).cumsum(1)
                new, new_velocity = counts[:3], velocity[:3]
                target, splits = np.arange(16) % 3, ["train"] * 9 + ["validation"] * 3 + ["test"] * 4
                start = np.arange(16.0)
                stop, go = start + 0.9, start + 0.4
                times_of_units = [np.sort(random.uniform(0, 16, 200)) for _ in range(5)]
                variables = dict(globals())
                for text in json.load(open("blocks.json", encoding="utf-8")):
                    if "posterior.states" in text and "run.dynamics" in text:
                        states, inputs = variables["posterior"].states.mean[0], variables["posterior"].inputs.mean[0]
                        variables.update(states=states, inputs=inputs)
                    # The first recording is the one that is learned from.
                    text = text.replace("recording = ilqr_vae.Recording.from_spike_times", "other = ilqr_vae.Recording.from_spike_times").replace("recording = ilqr_vae.Recording.from_file", "other = ilqr_vae.Recording.from_file")
                    if importlib.util.find_spec("pandas") is None or importlib.util.find_spec("xarray") is None:
                        text = text.replace("frame, dataset = posterior.to_dataframe(), posterior.to_xarray()", "")
                    exec(compile(text, page, "exec"), variables)
                """,
                line.Folder, Path.Combine(Repository.Root, "python", "src"), Path.Combine(AppContext.BaseDirectory, "ilqr-vae.dll"), page);
        }
    }

    [Fact]
    public void Blocks_of_MATLAB_run()
    {
        using var line = new CommandLine();
        files.CopyTo(line, "any", "run");
        line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/posterior.mat");
        Directory.Delete(line["run"], recursive: true);
        File.Delete(line["data.h5"]);
        var pages = Of("matlab").GroupBy(block => block.Page, StringComparer.Ordinal).ToList();
        Assert.Equal(["docs/exports.md", "docs/matlab-package.md"], pages.Select(page => page.Key), StringComparer.Ordinal);
        foreach (var page in pages)
        {
            var text = string.Join('\n', page.Select(block => block.Text))
                .Replace("/path/to/matlab", Path.Combine(Repository.Root, "matlab"), StringComparison.Ordinal).Replace("/path/to/ilqr-vae", Path.Combine(AppContext.BaseDirectory, "ilqr-vae.dll"), StringComparison.Ordinal)
                .Replace("'minutes', 10", "'minutes', 0.01", StringComparison.Ordinal).Replace("plot(", "disp(", StringComparison.Ordinal);
            line.Write("block.m", $"cd('{line.Folder}');\n{Trials}\n{text}\ndisp('ran');\n");
            Assert.EndsWith("ran", Readers.Octave($"source('{line["block.m"]}')"), StringComparison.Ordinal);
        }
    }

    private static IEnumerable<(string Page, string Text)> Of(string kind) => DocsPage.All.SelectMany(page => DocsPage.BlocksOf(page).Where(block => block.Kind == kind).Select(block => (page, block.Text)));

    [GeneratedRegex(@"^using [\w.]+;\n", RegexOptions.Multiline, 1000)]
    private static partial Regex Usings();

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex Space();
}
