namespace IlqrVae.Data.Tests;

/// <summary>A folder of a test's own, removed with what is in it.</summary>
/// <param name="inMemory">Where there is such a folder: for thousands of files.</param>
internal sealed class TestFolder(bool inMemory = false) : IDisposable
{
    private readonly DirectoryInfo folder = inMemory && Directory.Exists("/dev/shm") ? Directory.CreateDirectory($"/dev/shm/ilqr-vae-data-{Guid.NewGuid():N}") : Directory.CreateTempSubdirectory("ilqr-vae-data-");

    public string Path => folder.FullName;

    public string this[string name] => System.IO.Path.Combine(folder.FullName, name);

    public void Dispose() => folder.Delete(recursive: true);
}
