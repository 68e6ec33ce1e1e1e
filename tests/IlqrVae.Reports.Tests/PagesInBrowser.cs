using System.Globalization;
using System.Text.Json.Nodes;
using Deque.AxeCore.Commons;
using IlqrVae.Reports.Drawing;
using IlqrVae.Reports.Html;
using IlqrVae.Reports.Panels;
using OpenQA.Selenium;
using OpenQA.Selenium.Interactions;

namespace IlqrVae.Reports.Tests;

/// <summary>What a reader of a report sees and does, in a real browser.</summary>
public sealed class PagesInBrowser(Browser browser) : IClassFixture<Browser>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ilqr-vae-pages-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(1366, false)]
    [InlineData(1366, true)]
    [InlineData(320, false)]
    [InlineData(320, true)]
    public void A_page_draws_everything_asks_no_network_and_is_as_wide_as_its_screen(int width, bool dark)
    {
        browser.Open(Write(SomePanels.Report()), width, dark);
        AssertQuiet();
        Assert.Equal(8L, browser.Of<long>("return document.querySelectorAll('.plot').length"));
        Assert.Equal("", browser.Of<string>(
            "return [...document.querySelectorAll('.plot')].filter(plot => !plot.querySelector('.scatterlayer path.js-line, .scatterlayer path.point, .barlayer path, .imagelayer image')).map(plot => plot.getAttribute('aria-label')).join()"));
        Assert.True(browser.Of<bool>("return document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways");
        Assert.True(browser.Of<bool>("return [...document.querySelectorAll('.plot')].every(plot => plot.querySelector('.main-svg').getBoundingClientRect().right <= innerWidth)"), "a picture is wider than the screen");
        Assert.Equal(dark ? "rgb(20, 23, 28)" : "rgb(255, 255, 255)", browser.Of<string>("return getComputedStyle(document.body).backgroundColor"));
    }

    [Theory]
    [InlineData(1366, false)]
    [InlineData(320, true)]
    public void Contrast_names_and_order_pass_axe(int width, bool dark)
    {
        browser.Open(Write(SomePanels.Report()), width, dark);
        browser.Driver.ExecuteScript(new BundledAxeScriptProvider().GetScript());
        var found = (string)browser.Driver.ExecuteAsyncScript("const done = arguments[0]; axe.run(document).then(result => done(JSON.stringify(result.violations.map(one => [one.id, one.nodes.map(node => node.html.slice(0, 200) + ' ' + node.failureSummary)]))))")!;
        Assert.Equal("[]", found);
    }

    [Fact]
    public void Another_trial_is_drawn_by_list_buttons_and_keys()
    {
        browser.Open(Write(SomePanels.Report()));
        var before = LineOf("#s-trials");
        browser.Driver.FindElement(By.CssSelector("#s-trials .next")).Click();
        browser.Wait("return document.documentElement.dataset.waiting === '0' && document.querySelectorAll('#s-trials .js-line').length > 0");
        var second = LineOf("#s-trials");
        Assert.NotEqual(before, second, StringComparer.Ordinal);
        Assert.Equal("2 of 6", browser.Of<string>("return document.querySelector('#s-trials .place').textContent"));
        browser.Driver.FindElement(By.CssSelector("#s-trials select")).SendKeys(Keys.ArrowDown);
        browser.Wait("return document.querySelector('#s-trials .place').textContent === '3 of 6' && document.documentElement.dataset.waiting === '0' && document.querySelectorAll('#s-trials .js-line').length > 0");
        Assert.NotEqual(second, LineOf("#s-trials"), StringComparer.Ordinal);
        browser.Driver.FindElement(By.CssSelector("#s-trials .previous")).Click();
        browser.Wait("return document.querySelector('#s-trials .place').textContent === '2 of 6' && document.documentElement.dataset.waiting === '0' && document.querySelectorAll('#s-trials .js-line').length > 0");
        Assert.Equal(second, LineOf("#s-trials"));
        AssertQuiet();
    }

    [Fact]
    public void Paths_in_space_turn_by_mouse_keys_and_buttons_and_by_themselves_only_when_asked()
    {
        browser.Open(Write(SomePanels.Report()));
        var plot = browser.Driver.FindElement(By.CssSelector(".plot.turns"));
        browser.Driver.ExecuteScript("arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })", plot);
        var views = new List<string> { View() };
        void Changed(string what)
        {
            browser.Wait($"return document.querySelector('.plot.turns .js-line:not([d=\"\"])') && [...document.querySelectorAll('.plot.turns .js-line')].map(line => line.getAttribute('d')).join() !== {System.Text.Json.JsonSerializer.Serialize(views[^1])}");
            views.Add(View());
            Assert.True(views.Distinct(StringComparer.Ordinal).Count() == views.Count, what);
        }

        Thread.Sleep(300);
        Assert.Equal(views[0], View());
        new Actions(browser.Driver).MoveToElement(plot).ClickAndHold().MoveByOffset(60, 10).Release().Perform();
        Changed("mouse");
        plot.SendKeys(Keys.ArrowRight);
        Changed("right");
        plot.SendKeys(Keys.ArrowUp);
        Changed("up");
        Assert.Equal("solid", browser.Of<string>("document.querySelector('.plot.turns').focus(); return getComputedStyle(document.activeElement).outlineStyle"));
        var buttons = browser.Driver.FindElements(By.CssSelector("figure:has(.turns) .tools button"));
        buttons.Single(button => button.Text == "←").Click();
        Changed("button");
        buttons.Single(button => button.Text == "Turn").Click();
        Changed("by itself");
        Changed("by itself, on and on");
        buttons.Single(button => button.Text == "Stop").Click();
        Thread.Sleep(300);
        var still = View();
        Thread.Sleep(300);
        Assert.Equal(still, View());
        AssertQuiet();
    }

    [Fact]
    public void Nothing_turns_by_itself_for_those_who_asked_for_less_motion()
    {
        browser.Open(Write(SomePanels.Report()), calm: true);
        Assert.DoesNotContain("Turn", browser.Driver.FindElements(By.CssSelector(".tools button")).Select(button => button.Text), StringComparer.Ordinal);
    }

    [Fact]
    public void The_switch_makes_a_light_page_dark_and_its_pictures_too()
    {
        browser.Open(Write(SomePanels.Report()));
        const string Colors = "return [getComputedStyle(document.body).backgroundColor, document.querySelector('.barlayer path').style.fill, document.querySelector('.xtick text').style.fill].join()";
        var light = browser.Of<string>(Colors);
        browser.Driver.FindElement(By.Id("theme")).Click();
        var dark = browser.Of<string>(Colors);
        Assert.All(light.Split("),").Zip(dark.Split("),")), pair => Assert.NotEqual(pair.First, pair.Second, StringComparer.Ordinal));
        browser.Driver.FindElement(By.Id("theme")).Click();
        Assert.Equal(light, browser.Of<string>(Colors));
        browser.Driver.ExecuteScript("localStorage.clear()");
    }

    [Fact]
    public void Legends_hide_and_show_what_they_name()
    {
        browser.Open(Write(SomePanels.Report()));
        const string Count = "return document.querySelector('#s-trials .panels.chosen').querySelectorAll('.js-line').length";
        var all = browser.Of<long>(Count);
        var entry = browser.Driver.FindElements(By.CssSelector("#s-trials .legend button")).Single(button => button.Text == "neuron 1");
        entry.SendKeys(Keys.Enter);
        Assert.True(browser.Of<long>(Count) < all);
        Assert.Equal("neuron 1", browser.Of<string>("return document.activeElement.textContent"));
        Assert.Equal("false", browser.Of<string>("return document.activeElement.getAttribute('aria-pressed')"));
        browser.Driver.SwitchTo().ActiveElement().SendKeys(Keys.Enter);
        Assert.Equal(all, browser.Of<long>(Count));
    }

    [Fact]
    public void Numbers_saved_from_the_page_are_those_that_the_program_writes()
    {
        browser.Open(Write(SomePanels.Report()));
        foreach (var panel in new[] { SomePanels.Bars(), SomePanels.Spectrum(), SomePanels.Space(), SomePanels.Heat(diverging: true), SomePanels.Raster(), SomePanels.Rates() })
        {
            using var writer = new StringWriter { NewLine = "\n" };
            PanelCsv.Write([panel], writer);
            var (ours, theirs) = (writer.ToString().Split('\n'), browser.Of<string>($"return ilqrVaeReport.csvOf([...ilqrVaeReport.shown].find(one => one.panel.title === '{panel.Title}').panel)").Split('\n'));
            Assert.Equal(ours.Length, theirs.Length);
            foreach (var (one, other) in ours.Zip(theirs))
            {
                foreach (var (column, (a, b)) in one.Split(',').Zip(other.Split(',')).Index())
                {
                    if (double.TryParse(a, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
                    {
                        // What is told by colors, here from -10 to 10, is kept to a thousandth of its range.
                        Assert.Equal(number, double.Parse(b, CultureInfo.InvariantCulture), column == 8 ? 1e-3 * 20 : 1e-4);
                    }
                    else
                    {
                        Assert.Equal(a, b);
                    }
                }
            }
        }
    }

    [Fact]
    public void A_picture_is_saved_as_a_light_svg_with_its_title_and_its_words()
    {
        browser.Open(Write(SomePanels.Report()), dark: true);
        var svg = (string)browser.Driver.ExecuteAsyncScript("const done = arguments[0]; ilqrVaeReport.svgOf([...ilqrVaeReport.shown].find(one => one.panel.title === 'Spectrum')).then(done)")!;
        foreach (var word in new[] { "Spectrum", "frequency (Hz)", "input 2", "rgb(255, 255, 255)" })
        {
            Assert.Contains(word, svg, StringComparison.Ordinal);
        }

        Assert.Equal("svg", System.Xml.Linq.XDocument.Parse(svg).Root!.Name.LocalName);
    }

    [Fact]
    public void Hostile_names_do_nothing_and_are_shown_as_they_are()
    {
        var hostile = SomePanels.Rates() with
        {
            Title = SomePanels.Hostile,
            X = new Axis(SomePanels.Hostile),
            Marks = [new LineMark(SomePanels.Hostile, PanelColor.Found, [0, 1], [0, 1]), new PointMark("points", PanelColor.Compared, [0.5], [0.5]) { Labels = [SomePanels.Hostile] }],
        };
        var report = SomePanels.Report(SomePanels.Hostile);
        browser.Open(Write(report with { Sections = [new(SomePanels.Hostile, SomePanels.Hostile, SomePanels.Hostile) { Panels = [hostile, SomePanels.Space() with { Z = new Axis(SomePanels.Hostile) }] }, .. report.Sections] }));
        Assert.True(browser.Of<bool>("return window.broken === undefined && document.querySelectorAll('img, a[href^=http], image[onerror]').length === 0"));
        Assert.Equal(SomePanels.Hostile, browser.Of<string>("return document.querySelector('h3').textContent"));
        Assert.Contains("<img src=x", browser.Of<string>("return document.querySelector('.xtitle').textContent"), StringComparison.Ordinal);
        var svg = (string)browser.Driver.ExecuteAsyncScript("const done = arguments[0]; ilqrVaeReport.svgOf([...ilqrVaeReport.shown][0]).then(done)")!;
        Assert.DoesNotContain(System.Xml.Linq.XDocument.Parse(svg).Descendants(), one => one.Name.LocalName is "a" or "img" or "script");
        AssertQuiet();
    }

    [Fact]
    public void A_script_that_gets_into_the_page_is_not_run()
    {
        var path = Write(SomePanels.Report());
        File.WriteAllText(path, File.ReadAllText(path).Replace("<main ", "<img src=\"x\" onerror=\"window.broken=1\"><script>window.broken=2</script><main ", StringComparison.Ordinal));
        browser.Open(path);
        Assert.True(browser.Of<bool>("return window.broken === undefined"));
    }

    [Fact]
    public void A_print_is_light_and_has_every_picture()
    {
        browser.Open(Write(SomePanels.Report()), dark: true);
        var path = Path.Combine(_folder.FullName, "print.pdf");
        File.WriteAllBytes(path, browser.Driver.Print(new PrintOptions()).AsByteArray);
        var words = Figures.TextOfPdf(path);
        Assert.SkipWhen(words is null, "there is no pdftotext to read the print with.");
        Assert.All(new[] { "Scores of the test trials", "frequency (Hz)", "component 1", "imaginary part", "unit 0", "rate (Hz)", "trial 0" }, word => Assert.Contains(word, words, StringComparison.Ordinal));
        Assert.DoesNotContain("CSV", words, StringComparison.Ordinal);
        Assert.Equal("rgb(20, 23, 28)", browser.Of<string>("return getComputedStyle(document.body).backgroundColor"));
    }

    private string View() => browser.Of<string>("return [...document.querySelectorAll('.plot.turns .js-line')].map(line => line.getAttribute('d')).join()");

    private string LineOf(string section) => browser.Of<string>($"return [...document.querySelectorAll('{section} .js-line')].map(line => line.getAttribute('d')).join()");

    /// <summary>No error was written, and nothing but the file itself was asked for.</summary>
    private void AssertQuiet()
    {
        Assert.Empty(browser.Driver.Manage().Logs.GetLog(LogType.Browser).Where(entry => entry.Level >= OpenQA.Selenium.LogLevel.Warning).Select(entry => entry.Message));
        var asked = browser.Driver.Manage().Logs.GetLog("performance").Select(entry => JsonNode.Parse(entry.Message)!["message"]!)
            .Where(message => message["method"]!.GetValue<string>() == "Network.requestWillBeSent").Select(message => message["params"]!["request"]!["url"]!.GetValue<string>())
            .Where(url => !url.StartsWith("data:", StringComparison.Ordinal) && !url.StartsWith("blob:", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToList();
        Assert.All(asked, url => Assert.EndsWith("report.html", url, StringComparison.Ordinal));
    }

    private string Write(Report report)
    {
        var path = Path.Combine(_folder.FullName, "report.html");
        HtmlReport.Write(report, path);
        return path;
    }
}
