namespace IlqrVae.Data.Tests;

/// <summary>Recordings that are too large for the repository; the tests that need them are skipped where they are absent.</summary>
internal static class SharedData
{
    /// <summary>A file in the folder named by ILQRVAE_DATA, or in a folder shared/data beside the repository or above it.</summary>
    public static string Require(string relative)
    {
        var path = Folders().Select(folder => Path.Combine(folder, relative)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"{relative} is not here; set ILQRVAE_DATA to the folder of the recordings to run this test.");
        return path!;
    }

    public static string Committed(string name) => Path.Combine(AppContext.BaseDirectory, "Files", name);

    private static IEnumerable<string> Folders()
    {
        if (Environment.GetEnvironmentVariable("ILQRVAE_DATA") is { Length: > 0 } named)
        {
            yield return named;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            yield return Path.Combine(folder.FullName, "shared", "data");
        }
    }
}
