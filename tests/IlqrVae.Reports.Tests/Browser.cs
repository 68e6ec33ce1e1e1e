using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;

namespace IlqrVae.Reports.Tests;

/// <summary>A headless Chromium that shows pages; one for all tests of a class, and none where none is installed.</summary>
public sealed class Browser : IDisposable
{
    private readonly ChromeDriver? _driver;

    public Browser()
    {
        var programs = new[] { "/usr/bin", "/usr/lib/chromium", "/usr/local/bin" };
        var browser = programs.SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        var driver = programs.Select(folder => Path.Combine(folder, "chromedriver")).FirstOrDefault(File.Exists);
        if (browser is null || driver is null)
        {
            return;
        }

        var options = new ChromeOptions { BinaryLocation = browser };
        options.AddArguments("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1366,900");
        options.SetLoggingPreference(LogType.Browser, OpenQA.Selenium.LogLevel.All);
        options.SetLoggingPreference("performance", OpenQA.Selenium.LogLevel.All);
        var service = ChromeDriverService.CreateDefaultService(Path.GetDirectoryName(driver), Path.GetFileName(driver));
        service.SuppressInitialDiagnosticInformation = true;
        _driver = new ChromeDriver(service, options, TimeSpan.FromMinutes(3));
        _driver.Manage().Timeouts().AsynchronousJavaScript = TimeSpan.FromMinutes(2);
    }

    /// <summary>Gets the driver; skips the test where there is no browser.</summary>
    public ChromeDriver Driver
    {
        get
        {
            Assert.SkipWhen(_driver is null, "Chromium and its driver are not installed: apt-get install chromium chromium-driver.");
            return _driver!;
        }
    }

    public void Dispose() => _driver?.Quit();

    /// <summary>Opens a page and waits until all of it is drawn.</summary>
    public ChromeDriver Open(string path, int width = 1366, bool dark = false, bool calm = false)
    {
        Driver.ExecuteCdpCommand("Emulation.setDeviceMetricsOverride", new Dictionary<string, object?>(StringComparer.Ordinal) { ["width"] = width, ["height"] = 900, ["deviceScaleFactor"] = 1, ["mobile"] = false });
        Driver.ExecuteCdpCommand("Emulation.setEmulatedMedia", new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["features"] = new[]
            {
                new Dictionary<string, object?>(StringComparer.Ordinal) { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" },
                new Dictionary<string, object?>(StringComparer.Ordinal) { ["name"] = "prefers-reduced-motion", ["value"] = calm ? "reduce" : "no-preference" },
            },
        });
        _ = Driver.Manage().Logs.GetLog(LogType.Browser);
        _ = Driver.Manage().Logs.GetLog("performance");
        Driver.Navigate().GoToUrl(new Uri(path).AbsoluteUri);
        Wait("return document.documentElement.dataset.ready === 'true'");
        return Driver;
    }

    /// <summary>Waits until a script says true.</summary>
    public void Wait(string script)
    {
        var end = DateTime.UtcNow.AddMinutes(1);
        while (Driver.ExecuteScript(script) is not true)
        {
            Assert.True(DateTime.UtcNow < end, $"waited in vain for: {script}");
            Thread.Sleep(30);
        }
    }

    /// <summary>Runs a script that returns something.</summary>
    public T Of<T>(string script) => (T)Driver.ExecuteScript(script)!;
}
