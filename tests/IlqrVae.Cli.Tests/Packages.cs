using IlqrVae.Data.Tests;

namespace IlqrVae.Cli.Tests;

/// <summary>The packages for Python and MATLAB around this program have tests of their own, in their languages; here they are run.</summary>
public sealed class Packages
{
    private static string Program => Path.Combine(AppContext.BaseDirectory, "ilqr-vae.dll");

    [Fact]
    public void The_Python_package_passes_its_tests() => Readers.Python(
        "numpy",
        """
        import os, sys, unittest
        folder, program = sys.argv[1:]
        sys.dont_write_bytecode = True
        os.environ.update(ILQR_VAE_PROGRAM=program, PYTHONDONTWRITEBYTECODE="1")
        sys.path[:0] = [folder, os.path.join(folder, "src")]
        os.chdir(folder)
        found = unittest.defaultTestLoader.discover("tests", top_level_dir=folder)
        result = unittest.TextTestRunner(verbosity=0).run(found)
        assert result.testsRun > 50, "tests are missing"
        sys.exit(not result.wasSuccessful())
        """,
        Folder("python"),
        Program);

    [Fact]
    public void The_MATLAB_package_passes_its_tests()
        => Assert.Contains("all tests of the MATLAB package passed", Readers.Octave($"setenv('ILQR_VAE_PROGRAM', '{Program}'); run('{Path.Combine(Folder("matlab"), "tests", "test_ilqrvae.m")}')"), StringComparison.Ordinal);

    private static string Folder(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !(Directory.Exists(Path.Combine(folder.FullName, name)) && Directory.Exists(Path.Combine(folder.FullName, "docs"))))
        {
            folder = folder.Parent;
        }

        Assert.SkipWhen(folder is null, $"the folder {name} is not here.");
        return Path.Combine(folder!.FullName, name);
    }
}
