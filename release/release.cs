#:property PublishAot=false

// Makes everything that a release consists of, in one folder:
//
//     dotnet run release/release.cs -- [--output artifacts/release] [--platforms linux-x64,win-x64] [--allow-dirty]
//
// NuGet packages with their symbols, the program without .NET of each platform, wheels and the sdist of Python, a list of what is in them (CycloneDX), the release notes and
// checksums. Nothing is sent anywhere. The version is that of the tag of this commit; a tree with changes is refused, unless told otherwise.
using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

string[] platforms = ["linux-x64", "linux-arm64", "win-x64", "osx-arm64", "osx-x64"];
string[] libraries = ["IlqrVae", "IlqrVae.Data", "IlqrVae.Runs", "IlqrVae.Reports"];

// What may be compiled ahead of time: none of it computes (src/IlqrVae.Cli/IlqrVae.Cli.csproj).
string[] aheadOfTime = ["Spectre.Console.Ansi.dll", "Spectre.Console.dll", "System.CommandLine.dll", "YamlDotNet.dll", "ilqr-vae.dll"];
const string Program = "src/IlqrVae.Cli";
const double LargestMegabytes = 60;

var clock = Stopwatch.StartNew();
var root = Run("git", "rev-parse", "--show-toplevel").Trim();
Directory.SetCurrentDirectory(root);
var output = Path.GetFullPath("artifacts/release");
var allowDirty = false;
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--output" when i + 1 < args.Length:
            output = Path.GetFullPath(args[++i]);
            break;
        case "--platforms" when i + 1 < args.Length:
            var wanted = args[++i].Split(',');
            Require(wanted.All(platforms.Contains), $"--platforms: give some of {string.Join(", ", platforms)}.");
            platforms = wanted;
            break;
        case "--allow-dirty":
            allowDirty = true;
            break;
        default:
            return Refuse($"there is no option '{args[i]}'; there are --output FOLDER, --platforms LIST and --allow-dirty.");
    }
}

var changes = Run("git", "status", "--porcelain").Trim();
if (changes.Length > 0 && !allowDirty)
{
    return Refuse($"there are changes that no commit holds; commit them, or say --allow-dirty:\n{changes}");
}

if (Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any())
{
    return Refuse($"{output} is not empty; remove it, or give another folder with --output.");
}

var version = Run("dotnet", "msbuild", Program, "-t:VersionOfTag", "-getProperty:Version").Trim();
var pythonVersion = Regex.Match(File.ReadAllText("python/src/ilqr_vae/__init__.py"), "__version__ = \"(?<version>.+)\"", RegexOptions.None, TimeSpan.FromSeconds(1)).Groups["version"].Value;
if (pythonVersion != version.Split('-')[0])
{
    return Refuse($"the Python package is {pythonVersion}, and this is {version}; set __version__ in python/src/ilqr_vae/__init__.py.");
}

Console.WriteLine($"{version} into {output}");
Step("NuGet packages", () =>
{
    Run("dotnet", "pack", Program, "-c", "Release", "-p:RunAnalyzers=false", "-o", Path.Combine(output, "nuget"), "-v", "quiet");
    foreach (var library in libraries)
    {
        Run("dotnet", "pack", $"src/{library}", "-c", "Release", "--no-build", "-o", Path.Combine(output, "nuget"), "-v", "quiet");
    }
});
foreach (var platform in platforms)
{
    Step(platform, () => Publish(platform));
}

Step("check: the same numbers with and without .NET", CheckNumbers);
Directory.Delete(Path.Combine(output, "published"), recursive: true);
Step("list of parts", () =>
{
    Run("dotnet", "tool", "restore");
    Run("dotnet", "tool", "run", "dotnet-CycloneDX", "--", $"{Program}/IlqrVae.Cli.csproj", "-o", output, "-fn", $"ilqr-vae-{version}.cdx.json", "-F", "Json", "-sn", "ilqr-vae", "-sv", version, "-dpr");
});
File.WriteAllText(Path.Combine(output, "release-notes.md"), Notes());
Step("checksums", () =>
{
    var files = Directory.GetFiles(output, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
    File.WriteAllLines(Path.Combine(output, "SHA256SUMS"), files.Select(file =>
    {
        using var stream = File.OpenRead(file);
        return $"{Convert.ToHexStringLower(SHA256.HashData(stream))}  {Path.GetRelativePath(output, file).Replace('\\', '/')}";
    }));
});
foreach (var file in Directory.GetFiles(output, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
{
    Console.WriteLine($"{new FileInfo(file).Length / 1e6,8:0.00} MB  {Path.GetRelativePath(output, file)}");
}

Console.WriteLine($"done in {clock.Elapsed.TotalMinutes:0.0} minutes");
return 0;

void Publish(string platform)
{
    var folder = Path.Combine(output, "published", platform);
    var compiled = Path.Combine(Program, "obj", "Release", "net10.0", platform, "R2R");
    if (Directory.Exists(compiled))
    {
        Directory.Delete(compiled, recursive: true);
    }

    Run("dotnet", "publish", Program, "-r", platform, "-p:PublishProfile=self-contained", "-p:RunAnalyzers=false", "-o", folder, "-v", "quiet");
    var found = Directory.GetFiles(compiled).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal);
    Require(found.SequenceEqual(aheadOfTime, StringComparer.Ordinal), $"{platform}: compiled ahead of time are {string.Join(", ", found)}, which should be {string.Join(", ", aheadOfTime)}.");

    var wheels = Path.Combine(output, "python");
    Run(OperatingSystem.IsWindows() ? "python" : "python3", "python/build_wheels.py", platform, "--program", folder, "-o", wheels);

    // The licences of what is inside travel with the archive as they do with the wheel.
    var wheel = new DirectoryInfo(wheels).GetFiles("*.whl").MaxBy(file => file.LastWriteTimeUtc)!;
    Require(wheel.Length < LargestMegabytes * 1e6, $"{wheel.Name} is larger than {LargestMegabytes} MB.");
    using (var parts = ZipFile.OpenRead(wheel.FullName))
    {
        parts.Entries.Single(entry => entry.Name == "THIRD-PARTY-NOTICES.txt").ExtractToFile(Path.Combine(folder, "THIRD-PARTY-NOTICES.txt"));
    }

    File.Copy("LICENSE", Path.Combine(folder, "LICENSE"));
    var archives = Directory.CreateDirectory(Path.Combine(output, "programs")).FullName;
    if (platform.StartsWith("win", StringComparison.Ordinal))
    {
        ZipFile.CreateFromDirectory(folder, Path.Combine(archives, $"ilqr-vae-{version}-{platform}.zip"), CompressionLevel.SmallestSize, includeBaseDirectory: false);
        return;
    }

    using var file = File.Create(Path.Combine(archives, $"ilqr-vae-{version}-{platform}.tar.gz"));
    using var compressed = new GZipStream(file, CompressionLevel.SmallestSize);
    TarFile.CreateFromDirectory(folder, compressed, includeBaseDirectory: false);
}

// A short training by the program as the tests run it and by the one of this machine's platform: every parameter must have the same bits.
void CheckNumbers()
{
    var own = $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-{System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
    if (!platforms.Contains(own))
    {
        Console.WriteLine($"  left out: there is no program of {own} here.");
        return;
    }

    var folder = Directory.CreateTempSubdirectory("ilqr-vae-release-").FullName;
    var data = Path.Combine(folder, "data.h5");
    string[] usual = ["dotnet", Path.Combine(Program, "bin", "Release", "net10.0", "ilqr-vae.dll")];
    string[] published = [Path.Combine(output, "published", own, OperatingSystem.IsWindows() ? "ilqr-vae.exe" : "ilqr-vae")];
    Run(usual[0], usual[1], "simulate", "lorenz", "-o", data, "--trials", "20", "--validation-trials", "4", "--test-trials", "4", "--bins", "60");
    File.WriteAllText(Path.Combine(folder, "config.yaml"), "data: data.h5\nmodel: {states: 8, inputs: 3}\ntraining: {iterations: 30}\n");
    var models = new List<Dictionary<string, byte[]>>();
    foreach (var program in (string[][])[usual, published])
    {
        var run = Path.Combine(folder, $"run{models.Count}");
        Run(program[0], [.. program[1..], "train", Path.Combine(folder, "config.yaml"), "-o", run, "--no-report"]);
        Run(program[0], [.. program[1..], "export", run, "-o", $"{run}.npz"]);
        using var archive = ZipFile.OpenRead($"{run}.npz");
        models.Add(archive.Entries.Where(entry => entry.FullName.StartsWith("values/", StringComparison.Ordinal)).ToDictionary(entry => entry.FullName, Bytes, StringComparer.Ordinal));
    }

    Require(models[0].Count > 0 && models[0].All(one => models[1].TryGetValue(one.Key, out var other) && one.Value.SequenceEqual(other)), "the program without .NET learned other numbers.");
    Console.WriteLine($"  {models[0].Count} parameters, the same bits");
    Directory.Delete(folder, recursive: true);
}

static byte[] Bytes(ZipArchiveEntry entry)
{
    using var stream = entry.Open();
    using var memory = new MemoryStream();
    stream.CopyTo(memory);
    return memory.ToArray();
}

// The section of this version in the changelog, or of what is not released yet.
string Notes()
{
    var sections = File.ReadAllText("CHANGELOG.md").ReplaceLineEndings("\n").Split("\n## ").Skip(1).ToList();
    var section = sections.FirstOrDefault(one => Regex.IsMatch(one, $@"^\[?{Regex.Escape(version)}\b", RegexOptions.None, TimeSpan.FromSeconds(1))) ?? sections[0];
    return $"# ilqr-vae {version}\n\n{section[(section.IndexOf('\n', StringComparison.Ordinal) + 1)..].Trim()}\n";
}

void Step(string name, Action work)
{
    var start = clock.Elapsed;
    work();
    Console.WriteLine($"{(clock.Elapsed - start).TotalSeconds,6:0} s  {name}");
}

static string Run(string program, params string[] arguments)
{
    using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
    var error = process.StandardError.ReadToEndAsync();
    var said = process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    Require(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}\n{said}{error.GetAwaiter().GetResult()}");
    return said;
}

static void Require(bool holds, string message)
{
    if (!holds)
    {
        Environment.Exit(Refuse(message));
    }
}

static int Refuse(string message)
{
    Console.Error.WriteLine(message);
    return 1;
}
